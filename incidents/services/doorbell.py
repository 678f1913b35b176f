"""Rings for the first look at an incident. A lost ring costs seconds: the sweep rings again."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from incidents.models import Incident

log = logging.getLogger(__name__)

TASK = "incidents.first_look"
LASTS = 60.0  # seconds
_RUNG: dict[int, float] = {}  # when this process rang last, by incident


def ring(number: int, queue: str) -> None:
    """Ask the workers beside the engine to look at the incident of this number."""
    try:
        current_app.send_task(TASK, (number,), queue=queue, expires=LASTS)
    except (OperationalError, OSError) as error:
        log.warning("incident %s: the broker is away (%s); the sweep will ring again", number, error)


def rested(incident: Incident) -> bool:
    """Whether this process has not rung for it within the last minute: signs come every two seconds."""
    return time.monotonic() - _RUNG.get(incident.pk, -LASTS) >= LASTS


def ring_on_commit(incident: Incident) -> None:
    """Ring once the row is there to be read."""
    number, queue = incident.pk, incident.environment.queue
    _RUNG[number] = time.monotonic()
    transaction.on_commit(lambda: ring(number, queue))
