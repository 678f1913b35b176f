"""Deploys as changes that went well or not: undone, or taken back within a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from smsops.models import RunState

SOON = timedelta(hours=24)  # a rollback or restore within it means that the deploy was not good
CAME = (RunState.SUCCEEDED, RunState.UNDONE, RunState.NEEDS_HUMAN)  # SMS was touched; else it was no change


@dataclass(frozen=True)
class Happened:
    """What is known of a deploy, rollback or restore without its steps."""

    environment_id: int
    kind: str
    state: str
    release: int | None
    undo_at: datetime | None
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Change:
    """A deploy that changed SMS. `bad_from` is when it was known to be bad, `good_at` when SMS was good again."""

    deploy: Happened
    bad_from: datetime | None = None
    good_at: datetime | None = None

    @property
    def failed(self) -> bool:
        return self.bad_from is not None


def changes(history: Iterable[Happened]) -> list[Change]:
    """The deploys of one environment, oldest first. A way back is counted against the newest deploy before it only."""
    found: list[Change] = []
    for each in sorted(history, key=lambda each: each.ended):
        if each.state not in CAME:
            continue
        if each.kind == "deploy":
            found.append(_deployed(each))
        elif found and not found[-1].failed and each.began - found[-1].deploy.ended <= SOON:
            good = each.ended if each.state == RunState.SUCCEEDED else None
            found[-1] = Change(found[-1].deploy, found[-1].deploy.ended, good)
        elif found and found[-1].failed and found[-1].good_at is None and each.state == RunState.SUCCEEDED:
            found[-1] = Change(found[-1].deploy, found[-1].bad_from, each.ended)
    return found


def _deployed(deploy: Happened) -> Change:
    if deploy.state == RunState.SUCCEEDED:
        return Change(deploy)
    bad = deploy.undo_at or deploy.began
    return Change(deploy, bad, deploy.ended if deploy.state == RunState.UNDONE else None)
