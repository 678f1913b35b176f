"""Runs that were responses to an incident are recorded on it when they have ended."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents.services import remedies
from smsops import signals
from smsops.models import Run


@receiver(signals.run_ended, dispatch_uid="incidents.response_ended")
def on_ended(run: Run, **_: Any) -> None:
    """Write it down."""
    remedies.note(run)
