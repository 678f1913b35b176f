"""The steps of a diagnosis on real installations: what each sees, and that looking changes nothing."""

from __future__ import annotations

import contextlib
import sqlite3
import time

import pytest

from incidents.diagnoses.base import Case, Verdict
from incidents.models import PlaybookAct
from incidents.services import diagnosing, playbooks
from smsops.models import RunState
from smsops.runs.plan import By
from tests.backups.databases import make_damaged
from tests.factories import make_incident
from tests.incidents.test_evidence import CANARIES, speak
from tests.places import Place, digest, drive, wait_for
from tests.runtimes.acts import kill, launch


def case(place: Place) -> Case:
    return Case(make_incident(place.environment))


def test_a_held_write_lock_is_seen_and_so_is_a_free_one(process_place: Place) -> None:
    launch(process_place)
    found = case(process_place)
    assert diagnosing.look(found, "locks", {}).verdict == Verdict.CLEAR
    with contextlib.closing(sqlite3.connect(process_place.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        seen = diagnosing.look(found, "locks", {})
        assert (seen.verdict, seen.helps) == (Verdict.CAUSE, ("restart",))
        assert time.monotonic() - began < 15
    assert seen.text.startswith("The database is locked: for ")


def test_a_death_is_told_by_its_code(process_place: Place) -> None:
    launch(process_place)
    assert diagnosing.look(case(process_place), "ending", {}).verdict == Verdict.CLEAR
    kill(process_place)
    seen = wait_for(lambda: _cause(process_place), "the engine to tell")
    assert "exit code 137: it was killed (SIGKILL)" in seen


def _cause(place: Place) -> str:
    seen = diagnosing.look(case(place), "ending", {})
    return seen.text if seen.verdict == Verdict.CAUSE else ""


def test_damage_is_seen_on_a_copy(process_place: Place) -> None:
    assert diagnosing.look(case(process_place), "integrity", {}).verdict == Verdict.CLEAR
    make_damaged(process_place.database)
    assert diagnosing.look(case(process_place), "integrity", {}).verdict == Verdict.CAUSE


def test_a_schema_that_is_behind_speaks_for_an_upgrade(process_place: Place) -> None:
    process_place.deploy("1.19.0")
    assert diagnosing.look(case(process_place), "schema", {}).verdict == Verdict.CLEAR
    before = process_place.environment.releases.get(version="1.18.1").heads
    process_place.execute(f"UPDATE alembic_version SET version_num = '{before}'")
    seen = diagnosing.look(case(process_place), "schema", {})
    assert (seen.verdict, seen.helps) == (Verdict.CAUSE, ("upgrade",))


def test_an_env_file_that_sms_does_not_run_with_is_named_without_its_values(process_place: Place) -> None:
    launch(process_place)
    process_place.add_env(NEW_SWITCH="canary-value")
    seen = diagnosing.look(case(process_place), "env_file", {})
    assert (seen.verdict, "NEW_SWITCH" in seen.text, "canary-value" in seen.text) == (Verdict.CAUSE, True, False)
    process_place.env_file.write_text("this is no line\n")
    assert "Line 1 of the env file is not NAME=VALUE." in diagnosing.look(case(process_place), "env_file", {}).text


@pytest.mark.parametrize(
    ("key", "params", "told"),
    [
        ("nonsense", {}, "There is no diagnosis “nonsense”"),
        ("log", {"pattern": "("}, "“(” was not looked for: It is no regular expression"),
        ("log", {}, "smsops did not expect this: KeyError."),
        ("check", {"check": "nonsense"}, "There is no check “nonsense”."),
    ],
)
def test_a_mistake_in_a_step_is_what_it_saw(process_place: Place, key: str, params: dict[str, str], told: str) -> None:
    seen = diagnosing.look(case(process_place), key, params)
    assert (seen.verdict, told in seen.text) == (Verdict.UNKNOWN, True)


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("key", ["crash-loop", "errors", "database", "logins", "frontend"])
def test_a_diagnosis_changes_nothing_and_tells_no_secret(process_place: Place, key: str) -> None:
    launch(process_place)
    speak(process_place)
    trail = ("audit_logs", "refresh_tokens")  # a login that is tried leaves its trace in SMS itself
    before, env = digest(process_place.database, *trail), process_place.env_file.read_bytes()
    incident = make_incident(process_place.environment)
    run = drive(diagnosing.start(incident, By(name="test"), key))
    assert run.state == RunState.SUCCEEDED, run.headline
    acts = PlaybookAct.objects.filter(incident=incident, run=run)
    assert acts.count() == len(playbooks.find(key).diagnosis)
    told = str(list(acts.values())) + str(list(run.steps.values())) + str(list(incident.timeline.values()))
    assert [canary for canary in CANARIES if canary in told] == []
    assert (digest(process_place.database, *trail), process_place.env_file.read_bytes()) == (before, env)
    assert process_place.serving()
