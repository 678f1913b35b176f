"""Whether the last good backup is too old (I1, §6.1): the schedule was missed, or more could be lost than is promised.

Failed backups are told by the runs themselves (receivers/backups.py); this notices the ones that never began.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from backups import selectors
from backups.models import Backup
from backups.services import forecast, schedule
from incidents.detection.findings import Finding
from incidents.fingerprints import BACKUP
from incidents.models import Issue, Severity
from incidents.services.incidents import Sign
from smsops import zones
from smsops.models import Environment
from smsops.text import seconds_text

SLACK = timedelta(minutes=5)  # the least that is waited; else a period


def look(environment: Environment) -> list[Finding]:
    """Nothing where no backups are taken."""
    if not environment.backups_enabled:
        return []
    newest = selectors.good().filter(selectors.datable(), environment=environment).first()
    sign = judge(environment, newest, timezone.now())
    return [Finding(BACKUP, sign)] if sign else []  # a good backup ends it (receivers/backups.py)


def judge(environment: Environment, newest: Backup | None, now: datetime) -> Sign | None:
    """A backup that was due a whole period ago was missed; beyond the RPO more may be lost than is promised. While
    somebody has paused them none is due: that was said with a reason, and ends."""
    known = schedule.of(environment)
    since = newest.taken_at if newest is not None else environment.created_at
    due = known.hours.next_due(max(since, known.paused_until or since))
    if now < due + max(known.hours.usual, SLACK):
        return None
    last = f"The last good one was taken at {zones.kept(since)}" if newest else "There is none yet"
    told = f"{last}; one was due at {zones.kept(due)}. Do the schedule and a worker run?"
    if now - since > environment.rpo:
        why = f" {forecast.breach(environment) or ''}".rstrip()
        detail = f"{told} That is beyond the RPO of {seconds_text(environment.rpo.total_seconds())}.{why}"
        return Sign(BACKUP, Severity.HIGH, f"The backups of {environment.name} are too old", detail, Issue.DATA)
    return Sign(BACKUP, Severity.MEDIUM, f"A backup of {environment.name} is late", told, Issue.DATA)
