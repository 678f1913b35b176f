"""Parts of a run's page that other rooms bring: what a run found, shown better than as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from smsops.models import Run

_PARTS: dict[str, RunPart] = {}
_COMMON: list[RunPart] = []


@dataclass(frozen=True)
class RunPart:
    """A template, and what it is given: `context` returns nothing while there is nothing to show."""

    template: str
    context: Callable[[Run, HttpRequest], dict[str, Any]]


def add_part(kind: str, part: RunPart) -> None:
    """Show `part` on the page of every run of this kind."""
    _PARTS[kind] = part


def add_common_part(part: RunPart) -> None:
    """Show `part` on the page of every run for which it has something to show, whatever its kind."""
    if part not in _COMMON:
        _COMMON.append(part)


def common_parts(run: Run, request: HttpRequest) -> list[dict[str, Any]]:
    """The parts every run may have, each with its template's name; those with nothing to show are left out."""
    found = [(part.template, part.context(run, request)) for part in _COMMON]
    return [{"template": template, **context} for template, context in found if context]


def part_of(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The template's name and its context; empty where the run has no part, or nothing to show in it yet."""
    part = _PARTS.get(run.kind)
    found = part.context(run, request) if part else {}
    return {"template": part.template, **found} if part and found else {}
