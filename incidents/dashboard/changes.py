"""How changes go at one environment: the release that runs, its rehearsal, and the four DORA figures (U3, D15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deployments.operations import dora, dora_words
from deployments.operations.dora_words import Said
from smsops.models import FINAL, Environment, Run

DAYS = 30


@dataclass(frozen=True)
class Changes:
    """`rehearsal` is the last one of the release that runs; `figures` are empty where nothing was changed."""

    release: str
    rehearsal: Run | None
    figures: list[Said]
    days: int = DAYS


def of(environment: Environment, release: str, user: Any) -> Changes:
    """As far as this person may see it, in four questions."""
    rehearsal = _rehearsal(environment, release) if user.has_perm("smsops.view_run") and release else None
    found = dora.of(environment, DAYS) if user.has_perm("deployments.view_operation") else None
    return Changes(release, rehearsal, dora_words.said(found) if found is not None and found.changes else [])


def _rehearsal(environment: Environment, release: str) -> Run | None:
    done = Run.objects.filter(environment=environment, kind="rehearsal", state__in=FINAL, params__version=release)
    return done.order_by("-created_at").first()
