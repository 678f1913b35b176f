"""What a large installation has after a year: how many rows of what, as the product itself would have left them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from backups import retention
from backups.models import RetentionPolicy
from backups.retention import Point, Rules
from smsops.models import Environment

VERSIONS = tuple(f"1.{minor}.{patch}" for minor in range(17, 20) for patch in range(4))


@dataclass
class World:
    """So many environments of an age in days, each the same whatever the number of the others is. Rates are per
    environment and year."""

    environments: int
    days: int = 365
    seed: int = 1
    journal_days: float = 1.0  # of routine runs: it is read by nobody, and most of all rows
    deploys: int = 24
    incidents: int = 12
    alerts: int = 60
    audits: int = 12
    offsite_share: float = 0.2
    followed_share: float = 0.3
    people: int = 40
    now: datetime = field(default_factory=timezone.now)
    places: list[Environment] = field(default_factory=list)

    def chance(self, place: Environment, what: str) -> random.Random:
        """The dice of one environment for one sort of rows."""
        return random.Random(f"{self.seed} {place.name} {what}")

    def count(self, per_year: float, dice: random.Random) -> int:
        """How many there were in all its days."""
        wanted = per_year * self.days / 365
        return int(wanted) + (dice.random() < wanted % 1)

    def moments(self, per_year: float, dice: random.Random) -> list[datetime]:
        """When that happened, oldest first, spread over all days but the last."""
        span = timedelta(days=max(self.days - 1, 0.5))
        found = (self.now - timedelta(hours=1) - dice.random() * span for _ in range(self.count(per_year, dice)))
        return sorted(found)

    @cached_property
    def kept(self) -> list[timedelta]:
        """How old the backups are which the retention has left, newest first."""
        policy = RetentionPolicy()
        rules = Rules(policy.keep_days, policy.keep_daily, policy.keep_weekly, policy.keep_monthly,
                      timezone.get_current_timezone())  # fmt: skip
        points = [Point(f"{number:06}", self.now - timedelta(minutes=15 * number)) for number in range(self.days * 96)]
        return [self.now - each.point.taken_at for each in retention.judge(points, self.now, rules) if each.stays]

    def phase(self, place: Environment) -> timedelta:
        """How far its backups are from the quarter of an hour."""
        return timedelta(seconds=self.chance(place, "phase").uniform(0, 890))

    def has_offsite(self, place: Environment) -> bool:
        return int(place.pk) % 10 < self.offsite_share * 10

    def is_followed(self, place: Environment) -> bool:
        return int(place.pk) % 10 < self.followed_share * 10
