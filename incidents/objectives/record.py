"""The record the objectives are counted from: incidents and backups of several environments, in a few questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from incidents.models import Incident, Issue, Severity
from incidents.objectives import copies
from incidents.privacy import seen_by
from smsops.models import Environment

BAD = (Severity.CRITICAL, Severity.HIGH)


@dataclass(frozen=True)
class Trouble:
    """What counts of an incident. Clocks that were corrected are the ones it has now."""

    pk: int
    title: str
    severity: str
    issue: str
    drill: bool
    began: datetime | None
    detected: datetime
    acknowledged: datetime | None
    mitigated: datetime | None
    resolved: datetime | None

    @property
    def failure(self) -> bool:
        """Whether SMS did not serve: what counts for the time between failures."""
        return self.issue == Issue.SERVICE and self.severity in BAD

    @property
    def served(self) -> datetime | None:
        """When users were served again."""
        return self.mitigated or self.resolved

    @property
    def contradicts(self) -> bool:
        """Whether its clocks cannot all be right."""
        order = [at for at in (self.detected, self.served, self.resolved) if at is not None]
        early = self.acknowledged is not None and self.acknowledged < self.detected
        return early or order != sorted(order) or (self.began is not None and self.began > self.detected)


@dataclass(frozen=True)
class Record:
    """Of one environment: its troubles, oldest first, and when backups were taken, in seconds since 1970."""

    environment: Environment
    troubles: Sequence[Trouble] = ()
    backups: Sequence[float] = ()
    until: datetime = field(default_factory=timezone.now)

    @property
    def real(self) -> list[Trouble]:
        return [each for each in self.troubles if not each.drill]

    @property
    def drills(self) -> list[Trouble]:
        return [each for each in self.troubles if each.drill]


_FIELDS = ("environment_id", "pk", "title", "severity", "issue", "drill", "began_at", "detected_at", "acknowledged_at",
           "mitigated_at", "resolved_at")  # fmt: skip


def read(environments: Sequence[Environment], since: datetime, user: Any) -> list[Record]:
    """The records of these environments since a moment, as this person may see them."""
    numbers = [environment.pk for environment in environments]
    found = Incident.objects.filter(seen_by(user), environment__in=numbers)
    found = found.filter(Q(resolved_at__gte=since) | Q(resolved_at=None) | Q(detected_at__gte=since))
    troubles = defaultdict(list)
    for place, *values in found.order_by("detected_at", "pk").values_list(*_FIELDS):
        troubles[place].append(Trouble(*values))
    taken = copies.of_all(numbers, since)
    return [Record(each, troubles[each.pk], taken.get(each.pk, [])) for each in environments]
