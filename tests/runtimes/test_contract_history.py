"""The contract of every runtime (smsops/runtimes/base.py): what it tells of the past, in events and in the log."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from smsops.runtimes.base import Event
from tests.places import Place, wait_for
from tests.runtimes.acts import ALL_TIME, GONE, create, kill, launch, now, seen


def deaths(place: Place, name: str, since: datetime, until: datetime) -> list[Event]:
    return [event for event in place.runtime.events(name, since, until) if event.action == "die"]


def test_a_killed_sms_is_started_again_and_its_death_is_told(place: Place) -> None:
    name, since = launch(place), now()
    kill(place)
    (death,) = wait_for(lambda: deaths(place, name, since, now()), "the death")
    wait_for(place.serving, "SMS to serve again")
    assert seen(place).restarts == 1
    assert death.exit_code == 137
    assert since - timedelta(seconds=1) < death.at < now()


def test_nothing_is_told_of_a_span_before_it_happened(place: Place) -> None:
    name = create(place).name
    assert place.runtime.events(name, ALL_TIME, ALL_TIME + timedelta(days=1)) == []
    assert place.runtime.events(GONE, ALL_TIME, now()) == []


def test_events_before_the_span_are_not_told_within_the_same_second_either(place: Place) -> None:
    name, since = launch(place), now()
    kill(place)
    (death,) = wait_for(lambda: deaths(place, name, since, now()), "the death")
    moment = death.at + timedelta(milliseconds=1)
    assert deaths(place, name, moment, moment + timedelta(seconds=1)) == []


def test_events_up_to_the_end_of_the_span_are_told_within_the_same_second_too(place: Place) -> None:
    """Who looks again and again asks from where it ended: what neither span tells is never told."""
    name, since = launch(place), now()
    kill(place)
    (death,) = wait_for(lambda: deaths(place, name, since, now()), "the death")
    assert deaths(place, name, since, death.at + timedelta(milliseconds=1)) == [death]


def test_the_log_is_given_from_its_end_or_from_a_moment_oldest_line_first(place: Place) -> None:
    name = launch(place)
    place.runtime.stop(name, 5)
    whole = place.runtime.logs(name, 1000).splitlines()
    assert place.runtime.logs(name, 3).splitlines() == whole[-3:]
    assert sorted(line.text for line in place.runtime.log_lines(name)) == sorted(whole)
    assert list(place.runtime.log_lines(name, now() + timedelta(hours=1))) == []
    lines, moment = list(place.runtime.log_lines(name)), now() - timedelta(hours=1)
    for since in (None, moment):
        assert list(place.runtime.log_lines(name, since, last=3)) == lines[-3:]
    text = "\n".join(whole)
    assert 0 <= text.find("Starting Uvicorn server") < text.find("Application startup complete")
    since = seen(place).started_at
    assert since is not None
    assert place.runtime.logs(name, 1000, since - timedelta(seconds=1)).splitlines() == whole
    assert place.runtime.logs(name, 1000, now() + timedelta(seconds=2)) == ""


def test_lines_before_the_moment_are_not_shown_within_the_same_second_either(place: Place) -> None:
    name = launch(place)
    wait_for(lambda: time.time() % 1 < 0.1, "the beginning of a second")
    place.runtime.stop(name, 5)
    assert place.runtime.logs(name, 100, now()) == ""
