"""With beat dead, whoever is asked at the door for alerts has them read, heartbeats missed, and people paged."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import AlertSource, Delivery, Incident, Page, Pulse
from incidents.services import neglect, sweep
from smsops import afterwards
from smsops.models import Environment
from tests.intake.senders import Sender, alert, payload, sender
from tests.paging.people import person, policy
from tests.places import wait_for

pytestmark = pytest.mark.django_db


def beat() -> None:
    Pulse.objects.create(name=sweep.SCHEDULE)


@pytest.mark.django_db(transaction=True)
def test_an_alert_is_read_and_paged_for_behind_the_answer_to_whoever_sent_it(
    environment: Environment, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMSOPS_WEB_SWEEPS = True
    monkeypatch.setattr(afterwards, "_looked", [-afterwards.EVERY])
    policy({"users": [person("ada")]}, name="Here", environment=environment)
    assert sender(environment).send(payload(alert(severity="critical"))) == 202
    wait_for(lambda: Page.objects.exists(), "the page")
    wait_for(lambda: "smsops-afterwards" not in [each.name for each in threading.enumerate()], "the thread")
    assert Incident.objects.count() == 1


def test_while_beat_lives_it_is_left_to_the_workers_for_a_while(prometheus: Sender) -> None:
    beat()
    prometheus.send(payload(alert()))
    assert not neglect.unread()
    Delivery.objects.update(received_at=timezone.now() - 2 * neglect.UNREAD)
    assert neglect.unread()
    neglect.read()
    assert (neglect.unread(), Incident.objects.count()) == (False, 1)


def test_a_heartbeat_that_does_not_come_is_missed(environment: Environment) -> None:
    sender(environment, "heartbeat", every_seconds=60)
    AlertSource.objects.update(last_heard_at=timezone.now() - timedelta(minutes=10))
    assert neglect.unwatched()
    neglect.watch()
    assert "is not heard any more" in Incident.objects.get().title


def test_while_beat_lives_nobody_else_looks_what_time_does() -> None:
    beat()
    assert not neglect.unwatched()
    assert {"read alerts", "look at alerts", "send pages"} <= set(afterwards._DUTIES)
