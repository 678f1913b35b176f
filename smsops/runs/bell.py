"""Rings for a worker. A lost ring costs nothing but time: the sweep rings again for whatever is due."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

from smsops.models import Run

log = logging.getLogger(__name__)


def ring(run: Run, after: float = 0, expires: float | None = None) -> None:
    """Send the run's id to a worker of its environment's queue, `after` seconds from now; a message that nobody has
    read `expires` seconds from now is worth nothing any more."""
    from smsops.tasks import tick

    try:
        lasts: dict[str, Any] = {} if expires is None else {"expires": expires}
        tick.apply_async((run.pk,), queue=run.environment.queue, countdown=after, **lasts)
    except (OperationalError, OSError) as error:
        log.warning("run %s: the broker is away (%s); the sweep will ring again", run.pk, error)


def ring_for_the_trail() -> bool:
    """Have a worker verify the whole audit trail; False when the broker is away."""
    from smsops.tasks import check_audit

    try:
        check_audit.apply_async()
    except (OperationalError, OSError) as error:
        log.warning("the audit trail: the broker is away (%s)", error)
        return False
    return True


def ring_on_commit(run: Run) -> None:
    """Ring once the row is there to be read."""
    transaction.on_commit(lambda: ring(run))
