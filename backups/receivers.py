"""What the backups do when they hear of a run's end."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from backups.services import first_run
from smsops import signals
from smsops.models import Run


@receiver(signals.run_ended, dispatch_uid="backups.first_run")
def prove_the_first(run: Run, **_: Any) -> None:
    """A first backup is proven right away."""
    first_run.prove(run)
