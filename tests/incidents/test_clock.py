"""The recovery clock (I9): the gentlest way that still fits, what each takes and costs, and when none fits any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.clock import reading, words
from incidents.clock.history import History
from incidents.clock.known import BY_KEY
from incidents.clock.reading import Clock, State
from incidents.models import Fact, Incident, IncidentState, PlaybookAct
from smsops.models import Environment, RunState
from tests.factories import make_run, make_step, make_watch
from tests.incidents.clocks import ago, away, seen, took


def chosen(clock: Clock) -> str:
    return clock.choice.way.kind.key if clock.choice.way is not None else ""


def test_the_gentlest_that_is_open_and_still_fits_is_recommended_and_the_first(environment: Environment) -> None:
    incident = away(environment, 5)
    seen(incident, "rollback_code", "restart", "restore")
    clock = reading.of(incident)
    assert (chosen(clock), clock.ways[0].kind.key, clock.choice.fits) == ("restart", "restart", True)
    assert clock.choice.reason == "It is the gentlest that is open and still fits."
    assert round(clock.left / 60) == 15


def test_one_that_has_become_too_late_gives_way_to_the_next(environment: Environment) -> None:
    took(environment, "restart", 400, 500, 600)
    took(environment, "rollback_code", 60, 90)
    incident = away(environment, 12)
    seen(incident, "restart", "rollback_code")
    clock = reading.of(incident)
    assert chosen(clock) == "rollback_code"
    assert clock.choice.reason.endswith("Restart: too late.")
    late = clock.ways[1]
    assert words.fit(late).startswith(f"does not fit any more (since {words.at(late.fits_until)}): it may end 2 min")


def test_it_fits_until_nine_in_ten_would_end_after_the_rto(environment: Environment) -> None:
    took(environment, "restart", *[10.0] * 8, 40.0, 900.0)
    incident = away(environment, 5)
    seen(incident, "restart")
    way = reading.of(incident).ways[0]
    assert (way.expected.half, way.expected.most, way.expected.count) == (10, 40, 10)
    assert way.fits_until == incident.detected_at + timedelta(minutes=20, seconds=-40)
    assert words.fit(way) == f"still fits if begun by {words.at(way.fits_until)}"


def test_when_nothing_fits_it_says_so_and_what_to_do_and_names_the_fastest(
    environment: Environment, somebody: User
) -> None:
    took(environment, "restart", 70)
    incident = away(environment, 25, communications=somebody)
    seen(incident, "restart", "rollback_code", "restore")
    clock = reading.of(incident)
    assert (chosen(clock), clock.choice.fits) == ("restart", False)
    assert words.head(clock).startswith("The RTO (20 min) is over by 5 min")
    assert words.too_late(clock) == [
        "No way fits into the RTO any more.",
        "Tell those who wait, now and with a time (communications: ada).",
        "Take the fastest all the same: Restart.",
    ]


def test_what_was_tried_in_vain_in_this_incident_is_not_recommended_again(environment: Environment) -> None:
    incident = away(environment, 5)
    seen(incident, "restart", "rollback_code")
    make_run(environment, kind="restart", disturbs=True, started_at=ago(minutes=3), finished_at=ago(minutes=2))
    clock = reading.of(incident)
    assert chosen(clock) == "rollback_code"
    assert "Restart: It was tried at " in clock.choice.reason
    assert "(succeeded after 60 s), and the incident is not over." in clock.choice.reason


def test_what_never_helped_against_this_cause_is_not_recommended(environment: Environment) -> None:
    for hours in (50, 26):
        before = away(environment, hours * 60, state=IncidentState.RESOLVED, resolved_at=ago(hours=hours - 5))
        run = make_run(environment, kind="restart", started_at=ago(hours=hours), finished_at=ago(hours=hours))
        act = {"title": "Restart", "verdict": "succeeded", "at": run.started_at, "run": run}
        PlaybookAct.objects.create(incident=before, kind="response", key="restart", **act)
    incident = away(environment, 5)
    seen(incident, "restart", "rollback_code")
    clock = reading.of(incident)
    assert "Restart: It did not help the last 2 times against this cause." in clock.choice.reason


def test_where_the_data_is_damaged_only_a_way_that_replaces_it_is_recommended(environment: Environment) -> None:
    incident = away(environment, 5)
    Fact.objects.create(incident=incident, kind="integrity_failed", text="page 7")
    seen(incident, "restart", "rollback_code", restore={"open": True, "back_to": ago(minutes=50).isoformat()})
    assert chosen(reading.of(incident)) == "restore"


def test_of_those_that_go_back_in_the_data_the_one_that_loses_least_comes_first(environment: Environment) -> None:
    incident = away(environment, 1)
    seen(
        incident,
        restore={"open": True, "back_to": ago(minutes=16).isoformat(), "costs": ["grades: 12 more rows now than then"]},
        restore_to={"open": True, "back_to": incident.moment_before.isoformat()},
    )
    clock = reading.of(incident)
    assert [way.kind.key for way in clock.ways[:2]] == ["restore_to", "restore"]
    since = words.at(clock.ways[1].back_to)
    lost = ["grades: 12 more rows now than then"]
    assert words.price(clock.ways[1]) == [f"Loses what was written since {since} (16 min).", *lost]
    assert "(60 s)" in words.price(clock.ways[0])[0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ((), "never done here; the runbook expects 5 to 7 min"),
        ((12,), "took 12 s the only time it was done here"),
        ((10, 12, 14), "about 12 s, hardly more than 14 s (done only 3 times)"),
        ((10, 11, 12, 13, 14), "about 12 s, hardly more than 14 s (done 5 times)"),
    ],
)
def test_it_says_how_little_its_numbers_rest_on(
    environment: Environment, seconds: tuple[float, ...], said: str
) -> None:
    took(environment, "rollback_code", *seconds)
    took(environment, "rollback_schema", 500)
    found = History(environment).expected(BY_KEY["rollback_code"])
    assert (found.text, found.count) == (said, len(seconds))


def test_a_restart_nobody_has_done_here_is_bounded_by_its_own_limits(environment: Environment) -> None:
    found = History(environment).expected(BY_KEY["restart"])
    assert (found.most, found.text) == (110, "never done here; at most 1 min 50 s by its own time limits")


def test_restores_to_a_moment_and_of_a_backup_are_told_apart(environment: Environment) -> None:
    took(environment, "restore", 30)
    took(environment, "restore_to", 90)
    took(environment, "rollback_data", 150)
    history = History(environment)
    keys = ("restore", "restore_to", "rollback_data")
    assert [history.expected(BY_KEY[key]).half for key in keys] == [30, 90, 150]


def test_it_counts_from_detection_and_says_when_it_began(environment: Environment) -> None:
    clock = reading.of(away(environment, 2, began_at=ago(minutes=8)))
    assert round(clock.left / 60) == 18
    assert "when it was noticed; it began at " in words.since(clock)
    unknown = reading.of(Incident(**{**_values(clock.incident), "began_at": None}))
    assert words.since(unknown).endswith("when it was noticed; when it began is not known.")


def _values(incident: Incident) -> dict[str, object]:
    return {field.attname: getattr(incident, field.attname) for field in Incident._meta.concrete_fields}


def test_while_a_way_is_under_way_its_end_is_told_against_the_rto(environment: Environment) -> None:
    took(environment, "restart", 40, 60)
    incident = away(environment, 5)
    seen(incident, "restart")
    run = make_run(environment, kind="restart", state=RunState.RUNNING, disturbs=True, started_at=ago(seconds=10))
    make_step(run, state="running")
    clock = reading.of(incident)
    assert clock.state == State.UNDER_WAY
    assert run.started_at is not None
    end, last = (words.at(run.started_at + timedelta(seconds=each), seconds=True) for each in (40, 60))
    assert words.progress(clock).endswith(f"so it ends at about {end}, at the most at {last}: within the RTO.")


def test_sms_that_came_back_by_itself_is_told_and_no_way_is_pushed(environment: Environment) -> None:
    incident = away(environment, 5)
    seen(incident, "restart")
    make_watch(environment, since=ago(minutes=2))
    clock = reading.of(incident)
    assert clock.state == State.SERVES
    assert words.comeback(clock).endswith("3 min after it was noticed, within the RTO.")
    assert words.undone(clock).startswith("No way back was taken: nothing was restarted")
    assert words.advice(clock) == ""


def test_sms_that_came_back_after_a_way_says_which_and_what_was_expected(environment: Environment) -> None:
    took(environment, "restart", 30)
    incident = away(environment, 5)
    run = make_run(environment, kind="restart", disturbs=True, started_at=ago(minutes=3), finished_at=ago(minutes=2))
    make_watch(environment, since=ago(minutes=2))
    expected = "took 60 s; expected was: took 30 s the only time it was done here"
    assert words.undone(reading.of(incident)) == f"Before that: “{run.title}”, succeeded; {expected}."


def test_a_watcher_that_has_not_looked_lately_proves_nothing(environment: Environment) -> None:
    incident = away(environment, 5)
    make_watch(environment, looked_at=ago(minutes=3))
    clock = reading.of(incident)
    assert (clock.state, clock.watched) == (State.RUNNING, False)


def test_an_incident_about_something_else_has_no_clock_while_sms_is_not_known_to_be_away(
    environment: Environment,
) -> None:
    about = {"issue": "data", "fingerprint": "late"}
    assert not reading.concerns(reading.of(away(environment, 5, **about)))
    make_watch(environment, status="down", ready=False)
    assert reading.concerns(reading.of(away(environment, 5, issue="data", fingerprint="other")))


def test_how_many_questions_it_asks_does_not_depend_on_how_much_there_is(environment: Environment) -> None:
    incident = away(environment, 5)
    seen(incident, "restart")
    few = asked(incident)
    for key in ("restart", "rollback_code", "restore"):
        took(environment, key, *range(10, 40))
    for _ in range(15):
        make_run(environment, kind="restart", disturbs=True, started_at=timezone.now(), finished_at=timezone.now())
    assert (few, asked(incident)) == (7, 7)


def asked(incident: Incident) -> int:
    with CaptureQueriesContext(connection) as found:
        reading.of(incident)
    return len(found)
