"""Rings for a worker. A lost ring costs nothing but time: the sweep rings again for whatever is due."""

from __future__ import annotations

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

from smsops.models import Run

log = logging.getLogger(__name__)


def ring(run: Run, after: float = 0) -> None:
    """Send the run's id to a worker of its environment's queue, `after` seconds from now."""
    from smsops.tasks import tick

    try:
        tick.apply_async((run.pk,), queue=run.environment.queue, countdown=after)
    except (OperationalError, OSError) as error:
        log.warning("run %s: the broker is away (%s); the sweep will ring again", run.pk, error)


def ring_on_commit(run: Run) -> None:
    """Ring once the row is there to be read."""
    transaction.on_commit(lambda: ring(run))
