"""Doorbells of the backups app."""

import logging

from celery import shared_task

from backups.models import Reason
from backups.services import backups, schedule
from smsops.errors import WrongUse
from smsops.models import Environment, Trigger
from smsops.runs.plan import By

log = logging.getLogger(__name__)


@shared_task(name=schedule.TASK)
def scheduled(environment_id: int) -> None:
    """Take the scheduled backup, unless an exclusive run is under way, which takes its own or must not be disturbed."""
    environment = Environment.objects.filter(pk=environment_id, backups_enabled=True).first()
    if environment is None:
        return
    try:
        backups.request(environment, By(trigger=Trigger.SCHEDULE, name="schedule"), Reason.SCHEDULED)
    except WrongUse as busy:
        log.info("scheduled backup left out: %s", busy)
