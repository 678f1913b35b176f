"""Heartbeats: that one is missing is an incident, until it is heard again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.models import AlertSource, Incident
from incidents.services import heartbeats, sources
from smsops.models import Environment
from tests.intake.senders import Sender, sender
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def nightly(environment: Environment) -> Sender:
    return sender(environment, "heartbeat", name="nightly", every_seconds=60)


def heard(nightly: Sender, **ago: float) -> None:
    AlertSource.objects.filter(pk=nightly.source.pk).update(last_heard_at=timezone.now() - timedelta(**ago))
    sources._KNOWN.clear()


def test_a_beat_needs_no_words(nightly: Sender) -> None:
    assert nightly.answer(b"") == (200, "Heard.")
    assert nightly.send(b"any words at all") == 200
    assert nightly.refresh().last_heard_at is not None


def test_one_that_was_never_heard_is_not_missed(nightly: Sender) -> None:
    heartbeats.look()
    assert not Incident.objects.exists()


def test_one_that_is_late_by_half_a_period_is_missed_once(nightly: Sender) -> None:
    heard(nightly, seconds=80)
    heartbeats.look()
    assert not Incident.objects.exists()
    heard(nightly, seconds=95)
    heartbeats.look()
    heartbeats.look()
    assert Incident.objects.get().title == "nightly is not heard any more"


def test_one_that_is_heard_again_is_over(nightly: Sender) -> None:
    heard(nightly, hours=1)
    heartbeats.look()
    assert nightly.send(b"") == 200
    assert Incident.objects.get().state == "resolved"


def test_a_beat_that_came_in_time_ends_what_was_opened_while_it_waited(nightly: Sender) -> None:
    heard(nightly, hours=1)
    heartbeats.look()
    heard(nightly, seconds=80)  # so it looked when the beat came
    assert nightly.send(b"") == 200
    assert Incident.objects.get().state == "resolved"


def test_one_that_is_not_enabled_is_not_missed(nightly: Sender) -> None:
    heard(nightly, hours=1)
    AlertSource.objects.update(enabled=False)
    heartbeats.look()
    assert not Incident.objects.exists()


def test_a_beat_from_before_the_clock_was_set_back_counts_from_now_on(nightly: Sender) -> None:
    heard(nightly, hours=-1)
    heartbeats.look()
    last = nightly.refresh().last_heard_at
    assert last is not None and last <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_beat_at_the_moment_it_is_missed_leaves_no_incident_open(environment: Environment) -> None:
    nightly = sender(environment, "heartbeat", name="nightly", every_seconds=60)
    beat = threading.Lock()
    for _ in range(10):
        heard(nightly, hours=1)
        together(4, lambda: nightly.send(b"") if beat.acquire(blocking=False) else heartbeats.look())
        beat.release()
        nightly.send(b"")
        assert not Incident.objects.filter(state="open").exists()
