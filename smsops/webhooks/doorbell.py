"""Rings for a sender as soon as something is written down. A lost ring costs seconds: beat rings for what is due, and
for what is tried again."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

TASK = "smsops.send_webhooks"
LASTS = 10.0  # seconds, as beat's own rings


def ring_on_commit() -> None:
    """Ring once what was written is there to be read."""
    transaction.on_commit(ring)


def ring() -> None:
    """Ask a worker to send what is due."""
    try:
        current_app.send_task(TASK, expires=LASTS)
    except (OperationalError, OSError) as error:
        log.warning("webhooks: the broker is away (%s); beat will ring again", error)
