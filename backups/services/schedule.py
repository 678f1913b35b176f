"""When scheduled backups are taken: celery-beat rings once per period, and this says whether one is due (B1, §6.3)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from backups.models import BackupSchedule
from smsops import zones
from smsops.errors import WrongUse
from smsops.models import Environment, Run, Trigger
from smsops.runs.plan import By

TASK = "backups.scheduled"


LONGEST_PAUSE = timedelta(days=7)


def of(environment: Environment) -> BackupSchedule:
    """The environment's schedule, with the defaults where nobody has set any."""
    found = getattr(environment, "schedule", None) or BackupSchedule()
    found.environment = environment
    return found


def last_start(environment: Environment) -> datetime | None:
    """When the last scheduled backup began."""
    runs = Run.objects.filter(environment=environment, kind="backup", trigger=Trigger.SCHEDULE)
    return runs.order_by("-created_at").values_list("created_at", flat=True).first()


def due_after(schedule: BackupSchedule, last: datetime | None) -> datetime | None:
    """When the scheduled backup after one that began at `last` is due, perhaps in the past; None when they are off."""
    if not schedule.environment.backups_enabled:
        return None
    due = schedule.hours.next_due(last) if last else timezone.now()
    return max(due, schedule.waits_until or due)


def coming(environment: Environment, number: int) -> list[datetime]:
    """When the next scheduled backups are due, the first of them perhaps in the past; none where they are off."""
    schedule = of(environment)
    found: list[datetime] = []
    due = due_after(schedule, last_start(environment))
    while due is not None and len(found) < number:
        found.append(due)
        due = due_after(schedule, max(due, timezone.now()))
    return found


def waits(environment: Environment) -> str:
    """Why no backup is taken now, in a sentence; empty when one is due."""
    schedule, now = of(environment), timezone.now()
    due = due_after(schedule, last_start(environment))
    if until := schedule.waits_until:
        return f"Backups are paused until {zones.kept(until)}: {schedule.pause_reason}"
    # Beat is a little early or late; a bell that comes just before the time is the bell for it.
    slack = min(schedule.hours.usual / 10, timedelta(seconds=30))
    if due is None or due - slack > now:
        return f"The next backup is due at {zones.kept(due)}." if due else "Backups are off."
    return ""


def was_left_out(environment: Environment) -> bool:
    """Whether a backup is due whose bell has rung for nothing. The first of all comes with beat's bell alone."""
    return last_start(environment) is not None and not waits(environment)


def pause(environment: Environment, span: timedelta, by: By) -> BackupSchedule:
    """Take no scheduled backups for so long; it ends by itself. WrongUse without a reason or for more than a week."""
    if not by.reason.strip():
        raise WrongUse("Say why the backups are paused.")
    if not timedelta() < span <= LONGEST_PAUSE:
        raise WrongUse("A pause may last from a minute to seven days.")
    until = timezone.now() + span
    values = {"paused_until": until, "pause_reason": by.reason[:500], "paused_by": by.name[:150]}
    found, _ = BackupSchedule.objects.update_or_create(environment=environment, defaults=values)
    return found


def resume(environment: Environment) -> bool:
    """End the pause now; whether there was one."""
    paused = BackupSchedule.objects.filter(environment=environment, paused_until__gt=timezone.now())
    return bool(paused.update(paused_until=None))


def name_of(environment: Environment) -> str:
    """The periodic task's name, by which it is found again."""
    return f"Backup of {environment.name}"


def sync(environment: Environment) -> PeriodicTask:
    """Create or change the environment's periodic task; what an operator added by hand is never touched.

    A message that waits longer than the period is stale: after a downtime one backup is taken, not forty.
    """
    cadence = {"every": environment.backup_minutes, "period": IntervalSchedule.MINUTES}
    # An operator may have made the same interval more than once.
    interval = IntervalSchedule.objects.filter(**cadence).first() or IntervalSchedule.objects.create(**cadence)
    task, _ = PeriodicTask.objects.update_or_create(
        name=name_of(environment),
        defaults={
            "task": TASK,
            "args": json.dumps([environment.pk]),
            "interval": interval,
            "crontab": None,
            "enabled": environment.backups_enabled,
            "expire_seconds": max(30, environment.backup_minutes * 60 - 10),
            "description": "Kept by smsops; change it on the environment's page.",
        },
    )
    return task


def drop(environment: Environment) -> None:
    """Remove the environment's periodic task, with the environment."""
    PeriodicTask.objects.filter(name=name_of(environment), task=TASK).delete()
