"""News from below: environments, releases and runs that make tasks due or are the evidence that one was done.

Each may be called again for the same news.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from deployments.models import Release
from deployments.services import post_tasks, watches
from smsops import signals
from smsops.models import Environment, Run
from smsops.webhooks import outbox


@receiver(post_save, sender=Environment, dispatch_uid="deployments.new_environment")
def on_environment(instance: Environment, created: bool, raw: bool = False, **_: Any) -> None:
    """A new environment owes what the runbook says."""
    if created and not raw:
        post_tasks.fill(instance)


@receiver(post_save, sender=Release, dispatch_uid="deployments.new_release")
def on_release(instance: Release, created: bool, raw: bool = False, **_: Any) -> None:
    """A new release makes the tasks of every commit due."""
    if created and not raw:
        post_tasks.note_release(instance)
        told = {"environment": instance.environment.name, "version": instance.version, "image_id": instance.image_id}
        outbox.tell("release.announced", f"release:{instance.pk}", lambda: told, instance.environment_id)


@receiver(signals.run_ended, dispatch_uid="deployments.run_ended")
def on_ended(run: Run, **_: Any) -> None:
    """A run that ended well may be the evidence for a task; a deploy is watched, a watch that ended badly answered."""
    post_tasks.note_run(run)
    watches.follow(run)
    watches.answer(run)
