"""Who is on call: turns, clocks that change, people who stand in, people who are gone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from incidents.models import Override, Rota, RotaMember
from incidents.services import rotas
from tests.paging.people import person

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


def rota(*names: str, **fields: Any) -> Rota:
    made = Rota.objects.create(**{"name": "On call", "starts_on": MONDAY, **fields})
    for position, name in enumerate(names, start=1):
        RotaMember.objects.create(rota=made, user=person(name), position=position)
    return made


def on_call(found: Rota, moment: datetime) -> str:
    return str(rotas.on_call(found, moment))


def utc(day: int, hour: int = 12, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_the_turn_changes_after_seven_days_at_the_handover() -> None:
    found = rota("ada", "bo")
    assert [on_call(found, utc(9, 8, 59)), on_call(found, utc(9, 9)), on_call(found, utc(16, 9))] == [
        "ada",
        "bo",
        "ada",
    ]


def test_before_the_first_day_it_is_counted_backwards() -> None:
    assert on_call(rota("ada", "bo", "cleo"), utc(1)) == "cleo"


def test_the_handover_is_in_the_zone_of_the_rota() -> None:
    found = rota("ada", "bo", every_days=1, zone="Europe/Athens")  # two hours before UTC
    assert [on_call(found, utc(3, 6, 59)), on_call(found, utc(3, 7))] == ["ada", "bo"]


def test_the_handover_stays_at_the_same_time_of_day_when_the_clocks_change() -> None:
    found = rota("ada", "bo", every_days=1, zone="Europe/Athens")  # summer time begins on March 29
    before, after = utc(28, 7), utc(29, 6)
    assert on_call(found, before - timedelta(minutes=1)) != on_call(found, before)
    assert on_call(found, after - timedelta(minutes=1)) != on_call(found, after)


def test_a_handover_that_the_clock_shows_twice_happens_once() -> None:
    found = rota("ada", "bo", every_days=1, zone="Europe/Athens", handover=time(3, 30))  # 03:00-04:00 twice, October 25
    minutes = [utc(25, 0, 20, 10) + timedelta(minutes=10 * number) for number in range(9)]
    people = [on_call(found, minute) for minute in minutes]
    assert sum(one != other for one, other in pairwise(people)) == 1


def test_a_handover_that_the_clock_leaves_out_happens_once() -> None:
    found = rota("ada", "bo", every_days=1, zone="Europe/Athens", handover=time(3, 30))  # 03:00-04:00 missing, March 29
    minutes = [utc(29, 0, 20) + timedelta(minutes=10 * number) for number in range(9)]
    people = [on_call(found, minute) for minute in minutes]
    assert sum(one != other for one, other in pairwise(people)) == 1


def test_who_may_not_sign_in_is_passed_over_and_the_others_keep_their_turns() -> None:
    found = rota("ada", "bo", "cleo", every_days=1)
    before = [on_call(found, utc(day)) for day in (2, 3, 4, 5)]
    User.objects.filter(username="bo").update(is_active=False)
    found = Rota.objects.get()
    assert before == ["ada", "bo", "cleo", "ada"]
    assert [on_call(found, utc(day)) for day in (2, 3, 4, 5)] == ["ada", "cleo", "cleo", "ada"]


def test_an_empty_rota_has_nobody() -> None:
    assert rotas.on_call(rota(), utc(2)) is None


def test_a_rota_of_people_who_are_gone_has_nobody() -> None:
    found = rota("ada")
    User.objects.update(is_active=False)
    assert rotas.on_call(found, utc(2)) is None


def stand_in(found: Rota, name: str, starts: datetime, ends: datetime) -> Override:
    return Override.objects.create(rota=found, user=person(name), starts_at=starts, ends_at=ends)


def test_who_stands_in_is_on_call_from_then_to_then() -> None:
    found = rota("ada")
    stand_in(found, "bo", utc(3, 10), utc(3, 12))
    assert [on_call(found, utc(3, hour)) for hour in (9, 10, 11, 12)] == ["ada", "bo", "bo", "ada"]


def test_of_two_who_stand_in_the_later_one_counts() -> None:
    found = rota("ada")
    stand_in(found, "bo", utc(3, 0), utc(4, 0))
    stand_in(found, "cleo", utc(3, 10), utc(3, 12))
    assert [on_call(found, utc(3, hour)) for hour in (9, 11, 13)] == ["bo", "cleo", "bo"]


def test_who_stands_in_and_may_not_sign_in_does_not_count() -> None:
    found = rota("ada")
    stand_in(found, "bo", utc(3, 0), utc(4, 0))
    User.objects.filter(username="bo").update(is_active=False)
    assert on_call(Rota.objects.get(), utc(3)) == "ada"


def test_the_next_days_are_told_as_turns_with_who_stands_in() -> None:
    found = rota("ada", "bo")
    stand_in(found, "cleo", utc(3, 10), utc(3, 12))
    turns = rotas.turns(found, utc(2), utc(16, 8))
    assert [str(turn.person) for turn in turns] == ["ada", "cleo", "ada", "bo"]
    assert [turn.override is not None for turn in turns] == [False, True, False, False]


def test_a_zone_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        Rota(name="x", zone="Mars/Olympus").full_clean()


def test_an_override_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValidationError, match="ends after it starts"):
        Override(starts_at=utc(3), ends_at=utc(2)).clean()
