"""Keeps celery-beat's schedule in step with the environments: one periodic task each, ours alone (B1, §6.3)."""

from __future__ import annotations

import json

from django_celery_beat.models import IntervalSchedule, PeriodicTask

from smsops.models import Environment

TASK = "backups.scheduled"


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
