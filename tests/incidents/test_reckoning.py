"""The ways back are looked at beside the engine, for a bounded time; what cannot be seen stays as it was seen last."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.utils import timezone

from backups.selectors import latest_good
from deployments.services import restarts
from incidents.clock import asking, reading, reckoning, words
from incidents.models import EntryKind, Incident, Reckoning
from incidents.postmortems import drafting
from incidents.postmortems import words as postmortem_words
from incidents.services import lifecycle, remedies, watching, wording
from smsops.errors import OpsError
from smsops.models import Environment, RunState
from smsops.runs.plan import By
from tests.factories import make_run
from tests.incidents.clocks import ago, away, seen, took
from tests.places import Place, drive, wait_for
from tests.runtimes.acts import kill_for_good

FOUND = {"open": True, "why": "Seen.", "costs": [], "back_to": "", "backup": 0, "version": ""}


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Questions in this set are not answered before the test is over; all others at once."""
    ended, hung = threading.Event(), set[str]()

    def ask(key: str) -> dict[str, object]:
        if key in hung:
            ended.wait(30)
            raise OpsError("The engine is gone.")
        return {} if key == asking.ROWS else dict(FOUND)

    keys = [*asking.questions(Incident()), asking.ROWS]
    monkeypatch.setattr(asking, "questions", lambda incident: {key: partial(ask, key) for key in keys})
    monkeypatch.setattr(reckoning, "BOUND", 0.3)
    yield hung
    ended.set()


def test_an_engine_that_hangs_costs_a_bounded_time_and_only_its_own_answers(
    environment: Environment, hanging: set[str]
) -> None:
    hanging.add("rollback_schema")
    began = time.monotonic()
    row = reckoning.look(away(environment, 5))
    assert time.monotonic() - began < 20
    assert row.ways["rollback_schema"] == {"problem": "it was not there within 0.3 s."}
    assert row.ways["restart"]["open"]


def test_what_cannot_be_seen_now_is_told_as_it_was_with_its_age(environment: Environment, hanging: set[str]) -> None:
    incident = away(environment, 5)
    before = reckoning.look(incident).ways["restart"]["at"]
    hanging |= {"restart", asking.ROWS}
    row = reckoning.look(incident)
    assert (row.ways["restart"]["at"], row.ways["restart"]["open"]) == (before, True)
    way = next(way for way in reading.of(incident).ways if way.kind.key == "restart")
    assert words.problem(way).startswith("This was seen at ")
    assert words.problem(way).endswith("since then: it was not there within 0.3 s.")


def test_each_live_incident_is_looked_at_by_one_and_anew_when_something_was_done(
    environment: Environment, hanging: set[str]
) -> None:
    incident = away(environment, 5)
    assert reckoning.due() == [(incident.pk, environment.queue)]
    assert reckoning.reckon(incident.pk) is not None
    assert (reckoning.due(), reckoning.reckon(incident.pk)) == ([], None)
    assert timedelta(seconds=50) < Reckoning.objects.get().next_at - timezone.now() <= reckoning.EVERY
    reckoning.soon(environment)
    assert reckoning.due() == [(incident.pk, environment.queue)]


def test_the_message_that_wakes_somebody_names_the_way_while_it_fits(
    environment: Environment, hanging: set[str]
) -> None:
    incident = away(environment, 5)
    row = reckoning.look(incident)
    until = words.at(row.advice_until)
    expected = "never done here; at most 1 min 50 s by its own time limits"
    line = f"Way back: Restart, {expected}; still fits if begun by {until}."
    assert line in wording.page(incident, 1, 1).splitlines()
    Reckoning.objects.update(advice_until=ago(seconds=1))
    assert "Way back" not in wording.page(incident, 1, 1)


def test_what_was_predicted_against_what_it_took_is_kept_for_the_post_mortem(environment: Environment) -> None:
    took(environment, "restart", 10, 12, 14)
    incident = away(environment, 5)
    run = make_run(environment, kind="restart", disturbs=True, started_at=ago(minutes=3), finished_at=ago(minutes=2))
    remedies.note(run)
    expected = "about 12 s, hardly more than 14 s (done only 3 times)"
    line = incident.timeline.get(kind=EntryKind.ACTION).text
    assert f"It was begun 2 min after detection, took 60 s; expected was: {expected}; " in line
    assert line.endswith("it was over 17 min before the end of the RTO (20 min).")
    lifecycle.resolve(incident, "Well.")
    draft = drafting.begin(incident)
    drafting.measure(draft.pk)
    draft.refresh_from_db()
    table = next(part for part in postmortem_words.parts(draft.measured) if part.key == "runs")
    assert [str(cell) for cell in table.rows[0][3:]] == [expected, "60 s", "Succeeded"]


def test_a_later_run_does_not_change_what_was_expected_then(environment: Environment) -> None:
    incident = away(environment, 60)
    make_run(environment, kind="restart", disturbs=True, started_at=ago(minutes=50), finished_at=ago(minutes=49))
    make_run(environment, kind="restart", disturbs=True, started_at=ago(minutes=40), finished_at=ago(minutes=30))
    first, second = reading.of(incident).taken
    assert first.sentence == "took 60 s; expected was: never done here; at most 1 min 50 s by its own time limits"
    assert second.sentence.endswith("expected was: took 60 s the only time it was done here")


def test_the_command_says_the_same_and_ends_badly_where_nothing_fits(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    incident = away(environment, 5)
    seen(incident, "restart")
    call_command("ops", "incident", "ways", str(incident.pk), "--seen")
    said = capsys.readouterr().out
    assert "Recommended: Restart. It is the gentlest that is open and still fits." in said
    assert "  ops restart demo" in said
    Incident.objects.update(detected_at=ago(minutes=30))
    with pytest.raises(SystemExit, match="1"):
        call_command("ops", "incident", "ways", str(incident.pk), "--seen", "--json")
    assert '"recommended": "restart",\n  "fits": false' in capsys.readouterr().out


@pytest.mark.slow
def test_an_outage_is_told_its_ways_and_one_of_them_ends_it(
    process_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One story: SMS is killed for good, the ways are seen as they are, the gentlest is taken, all is written down."""
    monkeypatch.setattr(reckoning, "BOUND", 60.0)
    place = process_place
    for version in ("1.18.1", "1.19.0"):
        assert place.deploy(version).state == RunState.SUCCEEDED
    assert place.back_up().state == RunState.SUCCEEDED
    watching.due()
    watching.look_now(place.environment.pk)
    kill_for_good(place)
    watching.look_now(place.environment.pk)
    incident = Incident.objects.get()
    ways = reckoning.look(incident).ways
    assert [key for key, found in ways.items() if found.get("problem")] == []
    assert {key: found["open"] for key, found in ways.items()} == {
        "restart": True, "rollback_code": False, "rollback_schema": True, "rollback_data": True, "restore": True,
        "restore_to": False,
    }  # fmt: skip
    newest = latest_good(place.environment)
    assert newest is not None
    assert ways["restore"]["back_to"] == newest.taken_at.isoformat()
    clock = reading.of(incident)
    assert clock.choice.way is not None
    assert clock.choice.way.kind.key == "restart"
    run = drive(restarts.restart(place.environment, By(name="test", reason="it is away")))
    assert run.state == RunState.SUCCEEDED, run.headline

    def over() -> bool:
        watching.look_now(place.environment.pk)
        incident.refresh_from_db()
        return not incident.live

    wait_for(over, "the incident to be over", 60)
    expected = "expected was: never done here; at most 2 min 5 s by its own time limits"
    assert incident.timeline.filter(text__contains=expected).exists()
    assert not incident.facts.filter(kind="serves_again").exists()
