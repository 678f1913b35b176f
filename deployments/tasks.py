"""Doorbells of the deployments app."""

import logging

from celery import shared_task

from deployments.services import post_tasks
from smsops.errors import OpsError
from smsops.models import Trigger
from smsops.runs.plan import By

log = logging.getLogger(__name__)


@shared_task(name="deployments.post_tasks")
def post_tasks_due() -> None:
    """Begin every task that is up and that smsops does itself (daily, runbook §9)."""
    for task, start in post_tasks.startable():
        try:
            start(task.environment, By(trigger=Trigger.SCHEDULE, name="schedule"))
        except OpsError as error:
            log.warning("“%s” at %s cannot begin: %s", task.title, task.environment.name, error)
