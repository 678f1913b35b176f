"""The clock was set back by an hour: nobody waits an hour more for a page, and nobody says that all is well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Page, PageState, Pulse
from incidents.services import decisions, set_back, sweep
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, opened, running, stepped
from tests.paging.people import contact, policy

pytestmark = pytest.mark.django_db


def beat(**ahead: float) -> None:
    Pulse.objects.update_or_create(name=sweep.SCHEDULE, defaults={"at": timezone.now() + timedelta(**ahead)})


def test_who_was_to_be_paged_next_is_paged_in_time(clock: Clock, environment: Environment, ada: User, bo: User) -> None:
    policy({"users": [ada]}, {"users": [bo], "after_minutes": 10}, nag_minutes=8)
    clock.forward(hours=1)
    incident = opened(environment)
    stepped()
    beat()
    clock.forward(hours=-1)
    assert set_back.mend() == 1
    assert (stepped(), asked(incident)) == (0, [("ada", 1)])
    clock.forward(minutes=11)
    stepped()
    assert asked(incident) == [("ada", 1), ("ada", 1), ("bo", 2)]
    assert "The clock of smsops was set back" in str(list(incident.timeline.values_list("text", flat=True)))


def test_a_level_that_was_brought_is_paged_now(clock: Clock, environment: Environment, ada: User, bo: User) -> None:
    policy({"users": [ada]}, {"users": [bo], "after_minutes": 60})
    clock.forward(hours=1)
    found = running(opened(environment))
    assert decisions.bring(found.policy, {}, 1, clock.now)
    found.save()
    beat()
    clock.forward(hours=-1)
    assert set_back.mend() == 1
    stepped()
    assert "bo" in {name for name, _ in asked(found.incident)}


def test_what_was_to_be_sent_later_is_sent_now(clock: Clock, environment: Environment, ada: User) -> None:
    contact(ada)
    policy({"users": [ada]})
    opened(environment)
    stepped()
    Page.objects.update(next_at=clock.now + timedelta(minutes=50))
    beat(hours=1)
    set_back.mend()
    assert not Page.objects.filter(state=PageState.PENDING, next_at__gt=clock.now).exists()
    assert Pulse.objects.get().at == clock.now


def test_what_waits_for_days_goes_on_waiting_where_no_clock_was_set_back(
    clock: Clock, environment: Environment, ada: User
) -> None:
    policy({"users": [ada], "after_minutes": 3 * 24 * 60})
    incident = opened(environment)
    stepped()
    beat(seconds=20)  # another machine's clock, a little ahead
    due = running(incident).due_at
    assert set_back.mend() == 0
    assert (running(incident).due_at, due) == (due, clock.now + timedelta(days=3))


def test_a_round_ahead_of_now_is_none() -> None:
    beat()
    assert (sweep.needed(), sweep.complaint()) == (False, "")
    beat(hours=1)
    assert sweep.needed()
    assert "Nobody sends pages since the clock was set back" in sweep.complaint()


def test_the_round_mends_before_it_says_that_it_was_done(clock: Clock, environment: Environment, ada: User) -> None:
    policy({"users": [ada], "after_minutes": 10})
    incident = opened(environment)
    running(incident)
    incident.escalations.update(began_at=clock.now + timedelta(hours=1), due_at=clock.now + timedelta(minutes=70))
    sweep.sweep()
    assert running(incident).due_at == clock.now
    sweep.sweep()
    assert running(incident).due_at == clock.now + timedelta(minutes=10)
