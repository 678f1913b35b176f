"""Doorbells of the incidents app."""

import logging

from celery import shared_task

from incidents.services import aging, digestion, heartbeats, log_archive, sweep, watching
from smsops.errors import OpsError
from smsops.models import Environment

log = logging.getLogger(__name__)


@shared_task(name="incidents.watch")
def watch() -> None:
    """Ring for every environment whose next look is due, at the workers beside its engine."""
    due = Environment.objects.filter(pk__in=watching.due()).values_list("pk", "queue")
    for environment_id, queue in due:
        look.apply_async((environment_id,), queue=queue, expires=30)


@shared_task(name="incidents.look", soft_time_limit=30, time_limit=45)
def look(environment_id: int) -> None:
    """Look at one environment."""
    watching.look(environment_id)


@shared_task(name="incidents.archive_logs")
def archive_logs() -> None:
    """Ring for every environment, at the workers beside its engine (every minute)."""
    for environment_id, queue in Environment.objects.values_list("pk", "queue"):
        archive_log.apply_async((environment_id,), queue=queue, expires=50)


@shared_task(name="incidents.archive_log")
def archive_log(environment_id: int) -> None:
    """Take one environment's new lines into the archive."""
    environment = Environment.objects.filter(pk=environment_id).first()
    try:
        if environment is not None:
            log_archive.collect(environment)
    except OpsError as error:
        log.warning("no log of %s archived: %s", environment, error)


@shared_task(name="incidents.read_alerts")
def read_alerts() -> None:
    """Read the alerts that came in (every second)."""
    digestion.digest_all()


@shared_task(name="incidents.look_at_alerts")
def look_at_alerts() -> None:
    """See which alerts and heartbeats have not been heard of for too long, and which excuses have ended."""
    aging.look()
    heartbeats.look()


@shared_task(name="incidents.sweep_pages")
def sweep_pages() -> None:
    """Escalate and send what is due (every five seconds)."""
    sweep.sweep()
