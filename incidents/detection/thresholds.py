"""The thresholds of an environment."""

from __future__ import annotations

from incidents.models import Detection
from smsops.models import Environment


def of(environment: Environment) -> Detection:
    """Its own, or the defaults where nobody has set any."""
    return Detection.objects.filter(environment=environment).first() or Detection(environment=environment)
