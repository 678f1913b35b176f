"""Heartbeats: somebody says regularly that he lives; that he does not any more is an incident (I2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from incidents import fingerprints
from incidents.models import AlertSource, Issue, Severity, SourceKind
from incidents.services import incidents, lifecycle
from incidents.services.incidents import Sign
from smsops import wall_clock
from smsops.text import age_text

GRACE = 1.5  # periods without a beat, before it is late


def hear(source: AlertSource) -> None:
    """It lives; what was late is over. Whether it was missed is asked after this was written: whoever just misses it
    holds the row until the incident is there."""
    now = timezone.now()
    AlertSource.objects.filter(pk=source.pk).update(last_heard_at=now)
    source.last_heard_at = now
    lifecycle.end(source.environment, _cause(source), f"{source.name} is heard again.")


def look() -> None:
    """Open an incident for each that is late. One that was never heard is not missed yet."""
    now = timezone.now()
    beating = AlertSource.objects.filter(kind=SourceKind.HEARTBEAT, enabled=True, last_heard_at__isnull=False)
    # Heard in the future is heard before our clock was set back; when, nobody knows: it counts from now on.
    beating.filter(last_heard_at__gt=now + wall_clock.DIFFER).update(last_heard_at=now)
    for source in beating.filter(last_heard_at__lt=now - timedelta(seconds=5)):
        if _late(source, now):
            _miss(source.pk)


@transaction.atomic
def _miss(number: int) -> None:
    """The row is locked, so that a beat that comes at this moment comes before, or ends what is opened here."""
    source = (
        AlertSource.objects.select_for_update(of=("self",), no_key=True).select_related("environment").get(pk=number)
    )
    now = timezone.now()
    if not _late(source, now) or incidents.live(source.environment, _cause(source)) is not None:
        return
    heard = age_text(now - source.last_heard_at) if source.last_heard_at else "never"
    detail = f"It was heard {heard}; it should be every {source.every_seconds} s."
    sign = Sign(_cause(source), Severity.HIGH, f"{source.name} is not heard any more", detail, Issue.UNKNOWN)
    incidents.report(source.environment, sign)


def _late(source: AlertSource, now: datetime) -> bool:
    if source.last_heard_at is None:
        return False
    return now - source.last_heard_at > timedelta(seconds=source.every_seconds * GRACE)


def _cause(source: AlertSource) -> str:
    return fingerprints.HEARTBEAT.of(source.pk)
