"""The slower look at an environment: its page, its speed, its disks, its certificate, its backups (I1).

Once a minute, and every few seconds while there is doubt. It is apart from the watcher's look, so that a page that
hangs or a disk that does not answer delays no verdict about whether SMS serves.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from incidents.detection import (
    certificate,
    disks,
    findings,
    freshness,
    log_following,
    overrun,
    page,
    slowness,
    thresholds,
)
from incidents.detection.findings import Finding, Memory
from incidents.fingerprints import LINE, PATTERN
from incidents.models import LIVE, Incident, LogPattern, Survey, Watch
from smsops import wall_clock
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.text import count_text

log = logging.getLogger(__name__)

PERIOD = timedelta(seconds=60)  # runbook §7
SOON = timedelta(seconds=2)  # while there is doubt
LONGEST = timedelta(seconds=45)  # a look takes; until then nobody else looks


def due() -> list[int]:
    """Environments whose next survey is due, by id; rows for new environments are made on the way."""
    for environment in Environment.objects.filter(survey__isnull=True):
        Survey.objects.get_or_create(environment=environment)
    wall_clock.bring_back(Survey.objects.all(), "next_at", PERIOD)
    return list(Survey.objects.filter(next_at__lte=timezone.now()).values_list("environment_id", flat=True))


def look(environment_id: int) -> Survey | None:
    """Look around once; None when it is not due, because somebody else has just looked."""
    now = timezone.now()
    mine = Survey.objects.filter(environment_id=environment_id, next_at__lte=now).update(next_at=now + LONGEST)
    survey = Survey.objects.select_related("environment").filter(environment_id=environment_id).first()
    if not mine or survey is None:
        return None
    doubt = _look(survey.environment, survey.memory)
    survey.looked_at, survey.next_at = now, timezone.now() + (SOON if doubt else PERIOD)
    survey.save()
    return survey


def look_now(environment_id: int) -> Survey | None:
    """Look around at once, whatever the cadence says."""
    due()
    Survey.objects.filter(environment_id=environment_id).update(next_at=timezone.now())
    return look(environment_id)


def _look(environment: Environment, memory: Memory) -> bool:
    """Whether there is doubt left."""
    doubt = False
    for finding in _findings(environment, memory):
        doubt = findings.follow(environment, finding, memory) or doubt
    return doubt


def _findings(environment: Environment, memory: Memory) -> Iterator[Finding]:
    limits = thresholds.of(environment)
    if _serves(environment):
        yield from page.look(environment)
        yield from slowness.look(environment, limits, memory)
    yield from _logged(environment, timezone.now())
    yield from _stopped(environment)
    yield from freshness.look(environment)
    yield from certificate.look(environment, limits, memory)
    try:
        yield from disks.look(environment, limits)
    except (OpsError, OSError) as error:
        log.warning("no disks of %s measured: %s", environment, error)


def _serves(environment: Environment) -> bool:
    """Whether the watcher finds that SMS answers, and nothing of ours disturbs it: else page and speed are no news."""
    watch = Watch.objects.filter(environment=environment).first()
    answers = watch is not None and watch.status in ("healthy", "degraded")
    return answers and not overrun.changes(environment)


def _logged(environment: Environment, now: datetime) -> Iterator[Finding]:
    """The incidents of log patterns whose lines have not come for long enough."""
    live = Incident.objects.filter(environment=environment, state__in=LIVE, fingerprint__startswith=LINE.prefix)
    for fingerprint in live.values_list("fingerprint", flat=True):
        pattern = LogPattern.objects.filter(pk=fingerprint.removeprefix(LINE.prefix)).first()
        last = log_following.last_line(environment, pattern) if pattern is not None else None
        quiet = timedelta(minutes=pattern.quiet_minutes) if pattern is not None else timedelta()
        if last is None or now - last > quiet:
            said = f"SMS has not logged it for {count_text(round(quiet.total_seconds() / 60), 'minute')}."
            yield Finding(fingerprint, well=said, since=last)


def _stopped(environment: Environment) -> Iterator[Finding]:
    """The incidents of log patterns that were too slow and have been written anew since."""
    live = Incident.objects.filter(environment=environment, state__in=LIVE, fingerprint__startswith=PATTERN.prefix)
    for fingerprint in live.values_list("fingerprint", flat=True):
        if not LogPattern.objects.filter(pk=fingerprint.removeprefix(PATTERN.prefix)).exclude(stopped="").exists():
            yield Finding(fingerprint, well="The pattern was written anew, or is gone.")
