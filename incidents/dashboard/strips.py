"""The last backup runs of a few environments, in one question: each is found by its index, however long the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from smsops.models import FINAL, GOOD, Run, RunState
from smsops.text import count_text

LENGTH = 96  # a day at one every 15 minutes
_FIELDS = ("environment_id", "pk", "state", "created_at", "started_at", "finished_at")


@dataclass(frozen=True)
class Ended:
    """A backup run that has ended."""

    pk: int
    state: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def seconds(self) -> float | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def word(self) -> str:
        return str(RunState(self.state).label)


def read(places: Sequence[int], length: int = LENGTH) -> dict[int, list[Ended]]:
    """The last so many of each environment, oldest first, by its id."""
    if not places:
        return {}
    first, *others = (_of(place, length) for place in places)
    found: dict[int, list[Ended]] = defaultdict(list)
    for place, *values in first.union(*others, all=True) if others else first:
        found[place].append(Ended(*values))
    return {place: sorted(ended, key=lambda each: (each.created_at, each.pk)) for place, ended in found.items()}


def _of(place: int, length: int) -> QuerySet[Run, Any]:
    last = Run.objects.filter(environment=place, kind="backup", state__in=FINAL).order_by("-created_at")
    return Run.objects.filter(pk__in=last.values("pk")[:length]).order_by().values_list(*_FIELDS)


def summary(ended: Sequence[Ended]) -> str:
    """The strip in a sentence, for who does not see it."""
    failed = [each for each in ended if each.state not in GOOD]
    told = f"{len(failed)} did not succeed" if failed else "all succeeded"
    return f"The last {count_text(len(ended), 'backup')}, oldest first: {told}."
