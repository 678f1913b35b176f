"""Beat's signs of life are written down, so that every page can tell when they stop (K8)."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents.services import life
from smsops import signals


@receiver(signals.beat_ticked, dispatch_uid="incidents.beat_ticked")
def on_beat(**_: Any) -> None:
    """Beat went through its schedule."""
    life.note_beat()
