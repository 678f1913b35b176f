"""Doorbells of the incidents app."""

import logging
from typing import Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from incidents import reminding
from incidents.actions import following
from incidents.clock import reckoning
from incidents.detection import log_following, survey
from incidents.postmortems import drafting
from incidents.services import digestion, first_look, log_archive, neglect, own_troubles, sweep, watching
from smsops import ringing
from smsops.errors import OpsError
from smsops.models import Environment

log = logging.getLogger(__name__)


LOOK_LASTS = 30.0  # seconds after which the ring for a look is worth nothing any more


@shared_task(name="incidents.watch")
def watch() -> None:
    """Ring for every environment that is to be looked at or whose log is followed, at the workers beside its engine."""
    places = Environment.objects.values_list("pk", "queue")
    ringing.ring(look, places.filter(pk__in=watching.due()), LOOK_LASTS)
    ringing.ring(look_around, places.filter(pk__in=survey.due()), LOOK_LASTS)
    ringing.ring(follow_log, places, settings.SMSOPS_WATCH_SECONDS)


@shared_task(name="incidents.look", bind=True, soft_time_limit=30, time_limit=60)
def look(self: Any, *environments: int) -> None:
    """Look at these environments."""
    ringing.in_turn(self, watching.look, environments, LOOK_LASTS)


@shared_task(name="incidents.look_around", bind=True, soft_time_limit=60, time_limit=90)
def look_around(self: Any, *environments: int) -> None:
    """Look at what is looked at more slowly."""
    ringing.in_turn(self, survey.look, environments, LOOK_LASTS)


@shared_task(name="incidents.follow_log", bind=True, soft_time_limit=30, time_limit=45)
def follow_log(self: Any, *environments: int) -> None:
    """Search what SMS has logged since the last time."""
    ringing.in_turn(self, _follow_log, environments, settings.SMSOPS_WATCH_SECONDS)


def _follow_log(environment_id: int) -> None:
    environment = Environment.objects.filter(pk=environment_id).first()
    try:
        if environment is not None:
            log_following.take_turn(environment)
    except (OpsError, SoftTimeLimitExceeded) as error:
        log.warning("the log of %s is not followed: %s", environment, error)


@shared_task(name="incidents.archive_logs")
def archive_logs() -> None:
    """Ring for every environment, at the workers beside its engine (every minute)."""
    for environment_id, queue in Environment.objects.values_list("pk", "queue"):
        archive_log.apply_async((environment_id,), queue=queue, expires=50)


@shared_task(name="incidents.archive_log", soft_time_limit=90, time_limit=120)
def archive_log(environment_id: int) -> None:
    """Take one environment's new lines into the archive."""
    environment = Environment.objects.filter(pk=environment_id).first()
    try:
        if environment is not None:
            log_archive.collect(environment)
    except (OpsError, SoftTimeLimitExceeded) as error:
        log.warning("no log of %s archived: %s", environment, error)


@shared_task(name="incidents.read_alerts")
def read_alerts() -> None:
    """Read the alerts that came in (every second)."""
    digestion.digest_all()


@shared_task(name="incidents.look_at_alerts")
def look_at_alerts() -> None:
    """See what time has done to alerts and heartbeats (every ten seconds)."""
    neglect.look()


@shared_task(name="incidents.sweep_pages", soft_time_limit=60, time_limit=90)
def sweep_pages() -> None:
    """Escalate and send what is due (every second)."""
    sweep.sweep()


@shared_task(name="incidents.first_look", soft_time_limit=60, time_limit=90)
def look_first(incident_id: int) -> None:
    """Look at an incident that was just opened."""
    first_look.look(incident_id)


@shared_task(name="incidents.sweep_first_looks")
def sweep_first_looks() -> None:
    """Look at incidents whose ring was lost, and collect the evidence of bad ones (every three seconds)."""
    first_look.sweep()


@shared_task(name="incidents.sweep_reckonings")
def sweep_reckonings() -> None:
    """Ring for every live incident whose ways back are to be looked at (every three seconds)."""
    for incident_id, queue in reckoning.due():
        reckon.apply_async((incident_id,), queue=queue, expires=15)


@shared_task(name="incidents.reckon", soft_time_limit=30, time_limit=45)
def reckon(incident_id: int) -> None:
    """Look at the ways back of one incident, beside its engine."""
    reckoning.reckon(incident_id)


@shared_task(name="incidents.write_postmortems")
def write_postmortems() -> None:
    """Measure for the post-mortems that have news (every five seconds)."""
    drafting.measure_all()


@shared_task(name="incidents.look_at_own_troubles")
def look_at_own_troubles() -> None:
    """Page for what is wrong with smsops itself (every minute)."""
    own_troubles.look()


@shared_task(name="incidents.follow_actions")
def follow_actions() -> None:
    """Ask the evidence of action items, and remind of what is due (every minute)."""
    following.follow()
    reminding.remind()
