"""Incidents, what follows them, and what makes or hushes them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents.models import (
    ActionItem,
    Alert,
    AlertSource,
    EntryKind,
    Incident,
    MaintenanceWindow,
    PostMortem,
    Severity,
    Silence,
    TimelineEntry,
)
from smsops.models import Environment
from tests.factories.environments import make_environment
from tests.factories.words import unique


def make_incident(environment: Environment | None = None, **fields: Any) -> Incident:
    """An open incident with one sign on its timeline."""
    environment = environment or make_environment()
    defaults = {
        "title": "SMS does not answer",
        "severity": Severity.CRITICAL,
        "fingerprint": unique("sign-"),
    }
    incident = Incident.objects.create(environment=environment, **{**defaults, **fields})
    TimelineEntry.objects.create(incident=incident, kind=EntryKind.SIGN, text="/health: connection refused")
    return incident


def make_postmortem(incident: Incident | None = None, **fields: Any) -> PostMortem:
    """A draft nobody has written in or measured yet, due tomorrow."""
    if incident is None:
        incident = make_incident(state="resolved", resolved_at=timezone.now())
    defaults = {"due_at": timezone.now() + timedelta(days=1), "news_read": 1}
    return PostMortem.objects.create(incident=incident, **{**defaults, **fields})


def make_action_item(incident: Incident | None = None, **fields: Any) -> ActionItem:
    """Something to do that nobody has taken on."""
    return ActionItem.objects.create(incident=incident or make_incident(), **{"title": "Watch the disk", **fields})


def make_alert_source(environment: Environment | None = None, **fields: Any) -> AlertSource:
    """An Alertmanager nobody has ever heard; its token is known to nobody."""
    defaults = {"name": unique("prometheus-"), "kind": "alertmanager", "token_sha256": uuid.uuid4().hex}
    return AlertSource.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_alert(source: AlertSource | None = None, **fields: Any) -> Alert:
    """An alert that fires and belongs to no incident."""
    defaults = {
        "fingerprint": unique("f"),
        "name": "Slow",
        "severity": "high",
        "cause": "alert:slow",
        "text": "It takes 3 s",
        "labels": {"alertname": "Slow", "host": "web1"},
    }
    return Alert.objects.create(source=source or make_alert_source(), **{**defaults, **fields})


def make_silence(environment: Environment | None = None, **fields: Any) -> Silence:
    """A silence that is in force for another hour."""
    ends_at = timezone.now() + timedelta(hours=1)
    defaults = {"match": {"alertname": "Slow"}, "reason": "we know", "ends_at": ends_at}
    return Silence.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_window(environment: Environment | None = None, **fields: Any) -> MaintenanceWindow:
    """A maintenance window that has just begun."""
    defaults = {"title": "New disks", "starts_at": timezone.now(), "minutes": 60}
    return MaintenanceWindow.objects.create(environment=environment or make_environment(), **{**defaults, **fields})
