"""Whether a log is followed as it should be, letting its follower rest, and the canary (B9)."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from backups import selectors
from backups.models import Backup, LogFollowing
from backups.wal.canary import measure, send
from backups.wal.pins import in_use
from smsops.errors import OpsError
from smsops.models import FINAL, Environment, Run
from smsops.runtimes.registry import runtime_for

LATE = timedelta(seconds=30)  # without a look at the log that is an incident
LONG = 512 * 1024 * 1024  # bytes of SMS's log in use; a follower that cannot keep it lets go at half of that
_GENERATION = re.compile(r"\d+-(\d{8}T\d{6}Z)-")


def of(environment: Environment) -> LogFollowing | None:
    """The environment's row, where its log is followed."""
    return LogFollowing.objects.filter(environment=environment, enabled=True).first()


def problem_of(row: LogFollowing) -> str:
    """What is wrong with following this log, in a sentence; empty while it rests for a run or all is well."""
    if row.rest_for is not None and row.rest_for.state not in FINAL:
        return ""
    if row.looked_at is None:
        return row.problem or "Nobody follows it; is “manage.py follow” running?"
    if timezone.now() - row.looked_at > LATE:
        return row.problem or f"Nothing has been kept since {row.looked_at:%H:%M:%S} UTC."
    return ""


def measure_log(row: LogFollowing) -> int:
    """The bytes of SMS's log that are in use, and note them. 0 where there is none; of a long one the part SQLite will
    not write over, for its file never becomes shorter by itself.

    Must not be called in the follower's own process.
    """
    used = 0
    with contextlib.suppress(OpsError, OSError):
        database = selectors.database_path(row.environment, runtime_for(row.environment))
        used = database.with_name(f"{database.name}-wal").stat().st_size
        if used > LONG:
            used = in_use(database)
    LogFollowing.objects.filter(pk=row.pk).update(log_bytes=used)
    row.log_bytes = used
    return used


def lacks_base(row: LogFollowing) -> bool:
    """Whether no good backup was taken since the present generation of the log began: nothing in it can be reached."""
    found = _GENERATION.match(row.generation)
    if not row.alive or found is None:
        return False
    began = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    good = Backup.objects.filter(environment_id=row.environment_id, damage="", here=True)
    return not good.filter(taken_at__gte=began).exists()


def order_rest(row: LogFollowing, run: Run) -> None:
    """Ask the follower to keep what is left and to let go of the database until the run says otherwise, or ends."""
    if row.rest_for_id != run.pk:
        LogFollowing.objects.filter(pk=row.pk).update(rest_for=run, rested=False)


def end_rest(environment: Environment) -> None:
    """Let the follower go on."""
    LogFollowing.objects.filter(environment=environment).update(rest_for=None, rested=False)


def begin_log(environment: Environment) -> None:
    """See to it that a followed database has a log: one that nobody has written to yet names no state, and a backup of
    it could not say where it stands. An empty commit begins it."""
    database = selectors.database_path(environment, runtime_for(environment))
    log = database.with_name(f"{database.name}-wal")
    if of(environment) is not None and database.exists() and not (log.exists() and log.stat().st_size):
        with contextlib.suppress(OpsError):  # without WAL there are no positions, which the follower says
            send(database)


def send_canary(row: LogFollowing) -> float | None:
    """Measure the seconds from a commit until it can be read back from the log, and note them; None while it rests.

    Must not be called in the follower's own process.
    """
    if row.rest_for_id is not None or not row.alive:
        return None
    environment = row.environment
    try:
        took = measure(selectors.database_path(environment, runtime_for(environment)), selectors.log_of(environment))
    except OpsError as error:
        LogFollowing.objects.filter(pk=row.pk).update(canary_seconds=None, canary_at=timezone.now())
        raise OpsError(f"The canary of {environment.name} did not come back: {error.message}") from error
    LogFollowing.objects.filter(pk=row.pk).update(canary_seconds=took, canary_at=timezone.now())
    return took
