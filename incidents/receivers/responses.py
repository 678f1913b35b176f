"""Runs that were responses to an incident are recorded on it when they have ended, and change what is left to do."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents.clock import reckoning
from incidents.services import remedies
from smsops import signals
from smsops.models import Run


@receiver(signals.run_ended, dispatch_uid="incidents.response_ended")
def on_ended(run: Run, **_: Any) -> None:
    """Write it down."""
    remedies.note(run)
    if run.disturbs:
        reckoning.soon(run.environment)
