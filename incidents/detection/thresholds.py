"""The thresholds of an environment, and which answer is slow by them."""

from __future__ import annotations

from incidents.models import Detection, Severity
from smsops.models import Environment

TOO_SLOW = 2.0  # seconds from which on it is High (runbook §5.1)


def of(environment: Environment) -> Detection:
    """Its own, or the defaults where nobody has set any."""
    return Detection.objects.filter(environment=environment).first() or Detection(environment=environment)


def slow(limits: Detection, seconds: float) -> Severity | None:
    """How bad it is that an answer takes so long; None where that is not slow."""
    if not limits.slow_ms or seconds * 1000 <= limits.slow_ms:
        return None
    return Severity.HIGH if seconds > TOO_SLOW else Severity.MEDIUM
