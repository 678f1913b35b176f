"""What the tests of paging share: people, a policy of their own, and a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Escalation, EscalationPolicy, Incident, Page, Rota, Team
from incidents.services import incidents, stepping
from incidents.services.incidents import Sign
from smsops.models import Environment
from tests.paging.people import DOWN, person, policy
from tests.paging.post import Post


@pytest.fixture(autouse=True)
def nothing_shipped(request: pytest.FixtureRequest) -> None:
    """The matrix that a migration brings is not there, whatever other tests left of it."""
    marker = request.node.get_closest_marker("django_db")
    if marker is not None or {"db", "transactional_db"} & set(request.fixturenames):
        whole = "transactional_db" in request.fixturenames or (marker is not None and marker.kwargs.get("transaction"))
        request.getfixturevalue("transactional_db" if whole else "db")
        for model in (EscalationPolicy, Rota, Team):
            model._default_manager.all().delete()


@pytest.fixture
def environment(db: None) -> Environment:
    """An environment without anything behind it."""
    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 9}
    return Environment.objects.create(name="demo", runtime="process", **nowhere)


@pytest.fixture
def ada(db: None) -> User:
    return person("ada")


@pytest.fixture
def bo(db: None) -> User:
    return person("bo")


class Clock:
    """What the time is for whoever asks Django."""

    def __init__(self) -> None:
        self.now: datetime = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that is moved by hand."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def two(environment: Environment, ada: User, bo: User) -> EscalationPolicy:
    """Ada at once, bo after fifteen minutes if it is not over."""
    return policy({"users": [ada]}, {"users": [bo], "after_minutes": 15, "condition": "unresolved"})


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    """A real SMTP server, and smsops set to use it."""
    settings.EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"
    settings.SMSOPS_PUBLIC_URL = "https://ops.example"
    with Post() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def opened(environment: Environment, sign: Sign = DOWN) -> Incident:
    return incidents.report(environment, sign)[0]


def stepped() -> int:
    """Every step that is due now, done; how many pages that wrote."""
    return sum(stepping.step(number) for number in stepping.due())


def asked(incident: Incident) -> list[tuple[str, int]]:
    """Who was asked to act and on which level, in the order it was written."""
    pages = Page.objects.filter(incident=incident, kind__in=("page", "reminder")).order_by("pk")
    return [(str(page.user or page.channel), page.level) for page in pages.select_related("user", "channel")]


def running(incident: Incident) -> Escalation:
    return Escalation.objects.get(incident=incident, ended_at=None)


def said(incident: Incident) -> str:
    """What its timeline says of pages."""
    return " ".join(incident.timeline.filter(kind="page").values_list("text", flat=True))


def delivered() -> None:
    """What was written has gone out."""
    Page.objects.filter(state="pending", next_at__lte=timezone.now()).update(state="sent")
