"""What comes once a day begins a few at a time, where there are many environments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from backups import tasks
from backups.services import drills, restore_tests
from smsops.models import Environment, RunState
from tests.factories import make_backup, make_environment, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Environment]:
    """Where tests were begun; their runs are over at once."""
    found: list[Environment] = []

    def start(target: Any, *_: Any) -> None:
        place = getattr(target, "environment", target)
        found.append(place)
        make_run(place, kind="restore_test" if place is not target else "drill", state=RunState.SUCCEEDED)

    monkeypatch.setattr(restore_tests, "start", start)
    monkeypatch.setattr(drills, "start", start)
    return found


def some(number: int) -> list[Environment]:
    return [make_backup(make_environment()).environment for _ in range(number)]


def test_three_restore_tests_begin_at_one_look_until_each_had_its_own(begun: list[Environment]) -> None:
    places = some(7)
    for wanted in (3, 6, 7, 7):
        tasks.restore_tests_due()
        assert len(begun) == wanted
    assert {each.pk for each in begun} == {each.pk for each in places}


def test_who_waits_longest_is_first(begun: list[Environment]) -> None:
    lately, long_ago, never = some(3)
    for place, hours in ((lately, 21), (long_ago, 50)):
        make_run(place, kind="restore_test", created_at=timezone.now() - timedelta(hours=hours))
    tasks.restore_tests_due()
    assert begun == [never, long_ago, lately]


def test_none_is_tested_twice_a_day(begun: list[Environment]) -> None:
    (place,) = some(1)
    make_run(place, kind="restore_test", created_at=timezone.now() - timedelta(hours=19))
    tasks.restore_tests_due()
    assert begun == []


def test_three_drills_begin_on_one_day(begun: list[Environment]) -> None:
    some(5)
    for wanted in (3, 5, 5):
        tasks.drills_due()
        assert len(begun) == wanted


@pytest.mark.parametrize(("environments", "tests", "rehearsals"), [(1, 3, 3), (1000, 10, 17)])
def test_of_a_thousand_as_many_begin_as_are_needed_to_get_round(
    environments: int, tests: int, rehearsals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Many:
        def count(self) -> int:
            return environments

    monkeypatch.setattr(Environment.objects, "filter", lambda **_: Many())
    assert (restore_tests.at_once(), drills.at_once()) == (tests, rehearsals)
