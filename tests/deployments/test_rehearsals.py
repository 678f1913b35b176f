"""A rehearsal (D10): the release upgrades a copy, runs on it and goes back, while the real SMS does not notice."""

from __future__ import annotations

import re

import pytest

from deployments import selectors
from deployments.models import Release
from deployments.services import rehearsals, rehearsed
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.factories import make_environment, make_release
from tests.places import Place, digest, drive

BY = By(name="test")


def release(place: Place, version: str) -> Release:
    return selectors.find(place.environment, version)


def rehearse(place: Place, version: str) -> Run:
    return drive(rehearsals.start(release(place, version), BY))


@pytest.fixture
def backed_up(place: Place) -> Place:
    place.deploy("1.18.1")
    place.back_up()
    return place


@pytest.fixture
def native(process_place: Place) -> Place:
    process_place.deploy("1.18.1")
    process_place.back_up()
    return process_place


def test_a_release_with_a_migration_goes_up_and_back_on_a_copy(backed_up: Place) -> None:
    before, was = backed_up.runtime.inspect(backed_up.environment.instance), digest(backed_up.database)
    run = rehearse(backed_up, "1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert run.facts["rehearsal.compare"]["schema_revision"] == "e82b46c1d7f0"
    assert run.facts["rehearsal.back"]["schema_revision"] == "merge_accounts_soft_delete"
    assert (backed_up.runtime.inspect(backed_up.environment.instance), digest(backed_up.database)) == (before, was)
    assert rehearsals.verdict(release(backed_up, "1.19.0"))[0]


def test_what_the_checks_say_of_the_copy_is_kept_as_said_of_a_copy(backed_up: Place) -> None:
    backed_up.add_env(SMS_ERA="c")  # whose health says on which database it works
    run = rehearse(backed_up, "1.19.0")
    found = dict(run.check_results.values_list("key", "verdict"))
    assert (found["database"], found["clock"], found["login"]) == ("pass", "pass", "pass")
    assert set(run.check_results.values_list("on_copy", flat=True)) == {True}


def test_without_a_migration_there_is_no_way_back_to_go(native: Place) -> None:
    run = rehearse(native, "1.18.0")
    assert (run.state, run.steps.get(kind="rehearsal.back").state) == (RunState.SUCCEEDED, "skipped")
    assert "No migration is crossed" in run.headline


@pytest.mark.parametrize(
    ("version", "why"), [("1.20.2", "schema"), ("1.20.1", "crash loop"), ("1.20.9", "Not healthy and ready")]
)
def test_a_release_that_does_not_work_fails_where_nobody_notices(native: Place, version: str, why: str) -> None:
    native.environment.gate_seconds = 10
    native.environment.save()
    before = native.runtime.inspect(native.environment.instance)
    run = rehearse(native, version)
    assert run.state in (RunState.SAFE, RunState.UNDONE)
    assert native.runtime.inspect(native.environment.instance) == before
    ok, said = rehearsals.verdict(release(native, version))
    assert not ok
    assert re.match(r"The rehearsal (just now|\d+ s ago) failed: ", said)


def test_a_release_that_loses_rows_is_told_with_the_tables_name(native: Place) -> None:
    native.back_up()
    run = rehearse(native, "1.20.7")
    assert re.search(r"loses rows when it upgrades: .*students: \d+ of 200", run.cause)
    result = rehearsed.of(release(native, "1.20.7"))
    (students,) = [each for each in result.lost if each.table == "students"]
    assert (result.state, students.before) == ("failed", 200)
    assert 0 < students.after < 200


def test_the_upgrade_the_start_the_checklist_and_the_way_back_are_timed_each(backed_up: Place) -> None:
    run = rehearse(backed_up, "1.19.0")
    took = dict(rehearsed.of(release(backed_up, "1.19.0")).took)
    assert all(took.values()), took
    assert sum(each or 0.0 for each in took.values()) < (run.seconds or 0.0)


def test_what_was_never_rehearsed_says_so(native: Place) -> None:
    assert rehearsals.verdict(release(native, "1.19.0")) == (False, "1.19.0 was not rehearsed.")


@pytest.mark.django_db
def test_without_a_backup_there_is_nothing_to_rehearse_on() -> None:
    environment = make_environment()
    with pytest.raises(WrongUse, match="has no good backup to rehearse on; take one first"):
        rehearsals.plan(make_release(environment, "1.18.0"))
