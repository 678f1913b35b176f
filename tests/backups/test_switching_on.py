"""A log whose following was just switched on: its follower is given the time for its first look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from backups import tasks
from backups.models import LogFollowing
from backups.services import following
from incidents.models import Incident
from smsops.models import Environment
from tests.factories import make_environment, make_run

pytestmark = pytest.mark.django_db


def long_ago() -> None:
    """It was switched on longer ago than a follower needs."""
    LogFollowing.objects.update(awaited_at=timezone.now() - timedelta(seconds=31))


def opened() -> list[str]:
    tasks.look_at_followers()
    return list(Incident.objects.values_list("title", flat=True))


@pytest.fixture
def environment() -> Environment:
    return make_environment(name="demo")


def test_it_is_no_incident_until_nobody_followed_it_for_long_enough(environment: Environment) -> None:
    LogFollowing.objects.create(environment=environment)
    assert opened() == []
    long_ago()
    assert opened() == ["The log of demo is not followed"]


def test_nor_is_it_when_it_was_followed_some_other_time(environment: Environment) -> None:
    row = LogFollowing.objects.create(environment=environment, enabled=False)
    LogFollowing.objects.update(looked_at=timezone.now() - timedelta(days=3), problem="It was not in WAL mode.")
    row.refresh_from_db()
    row.enabled = True
    row.save()
    assert opened() == []
    long_ago()
    assert opened() == ["The log of demo is not followed"]


def test_nor_is_it_when_a_run_ended_the_rest_of_one_that_was_switched_off(environment: Environment) -> None:
    row = LogFollowing.objects.create(environment=environment, enabled=False, rest_for=make_run(environment))
    following.end_rest(environment)
    row.refresh_from_db()
    assert (row.rest_for, row.awaited_at) == (None, None)


def test_what_the_follower_itself_says_is_told_at_once(environment: Environment) -> None:
    LogFollowing.objects.create(environment=environment)
    LogFollowing.objects.update(problem="The database is not in WAL mode.")
    assert opened() == ["The log of demo is not followed"]


def test_the_time_counts_from_when_it_was_switched_on_not_from_when_it_was_changed(environment: Environment) -> None:
    row = LogFollowing.objects.create(environment=environment)
    long_ago()
    row.refresh_from_db()
    row.keep_days = 30
    row.save()
    assert opened() == ["The log of demo is not followed"]
