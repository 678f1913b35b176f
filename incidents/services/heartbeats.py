"""Heartbeats: somebody says regularly that he lives; that he does not any more is an incident (I2)."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from incidents.models import AlertSource, Issue, Severity, SourceKind
from incidents.services import incidents, lifecycle
from incidents.services.incidents import Sign
from smsops.text import age_text

GRACE = 1.5  # periods without a beat, before it is late


def hear(source: AlertSource) -> None:
    """It lives; what was late is over."""
    late = source.last_heard_at is None or _late(source)
    AlertSource.objects.filter(pk=source.pk).update(last_heard_at=timezone.now())
    source.last_heard_at = timezone.now()
    if late and (incident := incidents.live(source.environment, _cause(source))) is not None:
        lifecycle.resolve(incident, f"{source.name} is heard again.")


def look() -> None:
    """Open an incident for each that is late. One that was never heard is not missed yet."""
    beating = AlertSource.objects.filter(kind=SourceKind.HEARTBEAT, enabled=True, last_heard_at__isnull=False)
    oldest = timezone.now() - timedelta(seconds=5)
    for source in beating.filter(last_heard_at__lt=oldest).order_by(F("last_heard_at")).select_related("environment"):
        if _late(source) and incidents.live(source.environment, _cause(source)) is None:
            age = age_text(timezone.now() - source.last_heard_at) if source.last_heard_at else "ever"
            detail = f"It was heard {age}; it should be every {source.every_seconds} s."
            sign = Sign(_cause(source), Severity.HIGH, f"{source.name} is not heard any more", detail, Issue.UNKNOWN)
            incidents.report(source.environment, sign)


def _late(source: AlertSource) -> bool:
    if source.last_heard_at is None:
        return False
    return timezone.now() - source.last_heard_at > timedelta(seconds=source.every_seconds * GRACE)


def _cause(source: AlertSource) -> str:
    return f"heartbeat:{source.pk}"
