"""What ran, and what was changed last, when trouble was noticed: most of it comes from a change (I14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents.models import Watch
from smsops.models import Environment, Run, RunState

LATELY = timedelta(days=7)
HARMLESS = (RunState.PLANNED, RunState.QUEUED, RunState.CANCELLED)


def of(environment: Environment) -> dict[str, Any]:
    """The release that runs, as last seen, and the last change of SMS within a week, as fields of an incident."""
    release = Watch.objects.filter(environment=environment).values_list("release", flat=True).first()
    return {"release": release or "", "change": last_change(environment)}


def last_change(environment: Environment) -> Run | None:
    """The last run that changed SMS, or is changing it now."""
    since = timezone.now() - LATELY
    found = Run.objects.filter(environment=environment, disturbs=True, started_at__gte=since)
    return found.exclude(state__in=HARMLESS).order_by("-started_at").first()
