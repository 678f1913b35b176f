"""What the tests of what follows an incident share: an environment, people, and an incident that is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Incident, IncidentState, PostMortem, Severity
from incidents.postmortems import drafting, writing
from smsops.models import Environment
from tests.factories import make_environment, make_incident, make_user

START = datetime.fromisoformat("2026-03-02T10:00:00+00:00")  # a Monday
WRITES = ("incidents.write_postmortem", "incidents.view_postmortem", "incidents.view_incident")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.fixture
def environment(db: None) -> Environment:
    """One that is as old as what the tests say happened there."""
    return make_environment(name="school", title="The school", created_at=START - timedelta(days=400))


@pytest.fixture
def ada(db: None) -> User:
    """Writes post-mortems, and may approve them as well."""
    return make_user(*WRITES, "incidents.approve_postmortem", username="ada", email="ada@school.example")


@pytest.fixture
def bob(db: None) -> User:
    return make_user(*WRITES, "incidents.approve_postmortem", username="bob", email="bob@school.example")


def over(environment: Environment, **fields: Any) -> Incident:
    """An incident that lasted from ten o'clock for half an hour."""
    defaults: dict[str, Any] = {
        "state": IncidentState.RESOLVED, "severity": Severity.CRITICAL, "issue": "service", "detected_at": START,
        "acknowledged_at": at(5), "mitigated_at": at(12), "resolved_at": at(30), "resolution": "It was rolled back.",
    }  # fmt: skip
    return make_incident(environment, **{**defaults, **fields})


def drafted(environment: Environment, **fields: Any) -> PostMortem:
    """Its post-mortem, measured."""
    begun = drafting.begin(over(environment, **fields))
    drafting.measure(begun.pk)
    return PostMortem.objects.select_related("incident__environment").get(pk=begun.pk)


def recent(environment: Environment, **fields: Any) -> PostMortem:
    """The same of the day before yesterday."""
    times = {
        "detected_at": days_ago(2),
        "acknowledged_at": None,
        "mitigated_at": days_ago(1.99),
        "resolved_at": days_ago(1.98),
    }
    return drafted(environment, **{**times, **fields})


def write(postmortem: PostMortem, user: User, base: int | None = None, **texts: str) -> PostMortem:
    """Save these sections; the others as they are."""
    now = PostMortem.objects.get(pk=postmortem.pk)
    before = writing.text_at(now, now.version if base is None else base)
    sent = writing.Sent({**before, **texts}, now.version if base is None else base)
    return writing.write(postmortem.pk, sent, user)


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)
