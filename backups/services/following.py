"""Whether a log is followed as it should be, letting its follower rest, and the canary (B9)."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from django.utils import timezone

from backups.models import LogFollowing
from backups.services import logs
from smsops import wall_clock, zones
from smsops.errors import OpsError
from smsops.models import FINAL, Environment, Run
from smsops.runs.plan import By

LATE = timedelta(seconds=30)  # without a look at the log, the first one too, that is an incident
LONG = 512 * 1024 * 1024  # bytes of SMS's log in use; a follower that cannot keep it lets go at half of that


def of(environment: Environment) -> LogFollowing | None:
    """The environment's row, where its log is followed."""
    return LogFollowing.objects.filter(environment=environment, enabled=True).first()


def problem_of(row: LogFollowing) -> str:
    """What is wrong with following this log, in a sentence; empty while it rests for a run or all is well."""
    if row.rest_for is not None and row.rest_for.state not in FINAL:
        return ""
    if beginning(row):
        return row.problem
    if row.looked_at is None:
        return row.problem or "Nobody follows it; is “manage.py follow” running?"
    if timezone.now() - row.looked_at > LATE:
        return row.problem or f"Nothing has been kept since {zones.kept(row.looked_at, seconds=True)}."
    return logs.of(row.environment).trouble()


def beginning(row: LogFollowing) -> bool:
    """Whether it was switched on, or its last follower ended, so lately that the next may not have looked yet."""
    return row.looked_at is None and wall_clock.lately(row.awaited_at, LATE)


def measure_log(row: LogFollowing) -> int:
    """The bytes of SMS's own log that are in use, and note them; 0 where its length is not ours to watch.

    Must not be called in the follower's own process.
    """
    used = 0
    with contextlib.suppress(OpsError, OSError):
        used = logs.of(row.environment).in_use(LONG)
    LogFollowing.objects.filter(pk=row.pk).update(log_bytes=used)
    row.log_bytes = used
    return used


def ask_for_base(row: LogFollowing, by: By) -> None:
    """Queue what the log is to be played onto, where it is time. WrongUse while an exclusive run is under way."""
    keeper = logs.of(row.environment)
    if keeper.lacks_base(row):
        keeper.request_base(by)


def order_rest(row: LogFollowing, run: Run) -> None:
    """Ask the follower to keep what is left and to let go of the database until the run says otherwise, or ends."""
    if row.rest_for_id != run.pk:
        LogFollowing.objects.filter(pk=row.pk).update(rest_for=run, rested=False)


def end_rest(environment: Environment) -> None:
    """Let the follower go on; its next look is awaited."""
    resting = LogFollowing.objects.filter(environment=environment, rest_for__isnull=False)
    resting.filter(enabled=True).update(awaited_at=timezone.now())
    resting.update(rest_for=None, rested=False)


def begin_log(environment: Environment) -> None:
    """See to it that a followed database has a log: one that nobody has written to yet names no state, and a backup of
    it could not say where it stands. An empty commit begins it."""
    if of(environment) is not None:
        logs.of(environment).begin()


def send_canary(row: LogFollowing) -> float | None:
    """Measure the seconds from a commit until it can be read back from the log, and note them; None while it rests.

    Must not be called in the follower's own process.
    """
    if row.rest_for_id is not None or not row.alive:
        return None
    environment = row.environment
    try:
        took = logs.of(environment).canary()
    except OpsError as error:
        LogFollowing.objects.filter(pk=row.pk).update(canary_seconds=None, canary_at=timezone.now())
        raise OpsError(f"The canary of {environment.name} did not come back: {error.message}") from error
    LogFollowing.objects.filter(pk=row.pk).update(canary_seconds=took, canary_at=timezone.now())
    return took
