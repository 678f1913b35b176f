"""Parts of a run's page that other rooms bring: what a run found, shown better than as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from smsops.models import Run

_PARTS: dict[str, RunPart] = {}


@dataclass(frozen=True)
class RunPart:
    """A template, and what it is given: `context` returns nothing while there is nothing to show."""

    template: str
    context: Callable[[Run, HttpRequest], dict[str, Any]]


def add_part(kind: str, part: RunPart) -> None:
    """Show `part` on the page of every run of this kind."""
    _PARTS[kind] = part


def part_of(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The template's name and its context; empty where the run has no part, or nothing to show in it yet."""
    part = _PARTS.get(run.kind)
    found = part.context(run, request) if part else {}
    return {"template": part.template, **found} if part and found else {}
