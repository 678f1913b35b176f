"""What the backups do when they hear of runs, and what webhooks are told of them."""

from __future__ import annotations

import contextlib
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from backups.models import Backup, Reason
from backups.services import backups, first_run, schedule
from smsops import signals
from smsops.errors import WrongUse
from smsops.models import FINAL, GOOD, Run, Trigger
from smsops.runs.plan import By
from smsops.webhooks import news, outbox

EVENTS = {"backup.made": "A backup was made and read back", "backup.failed": "A backup failed"}


@receiver(post_save, sender=Backup, dispatch_uid="backups.webhooks.made")
def on_backup(instance: Backup, created: bool, raw: bool = False, **_: Any) -> None:
    """A backup is in the catalogue."""
    if created and not raw:
        about = f"backup:{instance.pk}"
        outbox.tell("backup.made", about, lambda: _data(instance), instance.environment_id)


@receiver(signals.run_moved, dispatch_uid="backups.webhooks.failed")
def on_run(run: Run, **_: Any) -> None:
    """A run that was to make a backup has ended without one."""
    if run.kind == "backup" and run.state in FINAL - GOOD:
        outbox.tell("backup.failed", f"run:{run.pk}", lambda: news.run_data(run), run.environment_id)


@receiver(signals.run_ended, dispatch_uid="backups.first_run")
def prove_the_first(run: Run, **_: Any) -> None:
    """A first backup is proven right away."""
    first_run.prove(run)


@receiver(signals.run_ended, dispatch_uid="backups.left_out")
def take_what_was_left_out(run: Run, **_: Any) -> None:
    """A scheduled backup that the run kept from being taken comes right after it, and not a whole period later."""
    if run.exclusive and run.kind != "backup" and schedule.was_left_out(run.environment):
        with contextlib.suppress(WrongUse):  # the next run is under way already; it is asked again when that ends
            backups.request(run.environment, By(trigger=Trigger.SCHEDULE, name="schedule"), Reason.SCHEDULED)


def _data(backup: Backup) -> dict[str, Any]:
    return {
        "environment": backup.environment.name,
        "identifier": backup.identifier,
        "taken_at": backup.taken_at,
        "reason": backup.reason,
        "size": backup.size,
        "release": backup.release_version,
    }
