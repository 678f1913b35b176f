"""The process that follows a log: whom it follows, when it rests, and what it writes down of itself (B9)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from backups.models import LogFollowing
from backups.services import logs
from backups.services.logs.base import Orders
from backups.wal.following import Status
from smsops.models import FINAL, Environment

TELL = 1.0  # seconds between two reports where nothing is new


def wanted(queue: str = "") -> list[int]:
    """The environments whose log is to be followed, by id; with `queue`, those whose workers stand beside this one."""
    rows = LogFollowing.objects.filter(enabled=True)
    return list((rows.filter(environment__queue=queue) if queue else rows).values_list("environment_id", flat=True))


def run(environment: Environment, stop: Callable[[], bool]) -> None:
    """Follow this environment's log until `stop` says so, or until it is not wanted any more. Rests when a run asks."""
    keeper, teller = logs.of(environment), Teller(environment.pk)

    def ended() -> bool:
        return stop() or not ordered(environment.pk)

    keeper.follow(Orders(ended, lambda: resting(environment.pk), teller.tell, teller.rested))
    goes_on = ordered(environment.pk)
    if not goes_on:
        keeper.give_up()
    # One that ends again and again without a look gains nothing by it.
    looked = LogFollowing.objects.filter(environment=environment, looked_at__isnull=False)
    looked.update(looked_at=None, awaited_at=timezone.now() if goes_on else None)


def ordered(environment_id: int) -> bool:
    """Whether the log is to be followed."""
    close_old_connections()
    return LogFollowing.objects.filter(environment_id=environment_id, enabled=True).exists()


def resting(environment_id: int) -> bool:
    """Whether a run has asked the follower to rest. One that has ended asks no more, however it ended."""
    row = LogFollowing.objects.filter(environment_id=environment_id, rest_for__isnull=False)
    return row.exclude(rest_for__state__in=FINAL).exists()


def hung(environment_id: int) -> None:
    """Note that the follower hung and was ended."""
    with contextlib.suppress(DatabaseError):
        LogFollowing.objects.filter(environment_id=environment_id).update(hung_at=timezone.now(), looked_at=None)


class Teller:
    """Writes down what a follower says: at once what is new, else once a second."""

    def __init__(self, environment_id: int) -> None:
        self.environment_id = environment_id
        self.told, self.last = 0.0, Status("", "", 0, 0, 0.0, 0, 0, "", 0)

    def tell(self, status: Status) -> None:
        before, self.last = self.last, status
        fresh = (status.problem, status.gap_at, status.generation) != (before.problem, before.gap_at, before.generation)
        if not fresh and time.monotonic() - self.told < TELL:
            return
        self.told = time.monotonic()
        values = {"generation": status.generation, "problem": status.problem, "gap": status.gap, "rested": False}
        times = {"kept_at": status.kept_at, "gap_at": status.gap_at}
        times |= {} if status.problem else {"looked_at": status.looked_at}
        known = {name: datetime.fromtimestamp(at / 1000, UTC) for name, at in times.items() if at}
        rows = LogFollowing.objects.filter(environment_id=self.environment_id)
        rows.update(commits=status.commits, **values, **known)

    def rested(self) -> None:
        """Write down that nothing stands in the way of the run that asked for rest."""
        rows = LogFollowing.objects.filter(environment_id=self.environment_id, rest_for__isnull=False)
        rows.update(rested=True, looked_at=timezone.now())
