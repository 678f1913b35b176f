"""Back across a migration (runbook §4.2A): the newer release takes it back, on a copy, and no row is lost."""

from __future__ import annotations

import pytest

from backups.engines.sqlite import SqliteEngine
from deployments.services import rollbacks
from deployments.steps import schema
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.places import Place, digest, drive

BY = By(name="test")
OLD = "merge_accounts_soft_delete"
ANNOUNCED = "INSERT INTO announcements (title, body, author, created_at) VALUES ('A', 'B', 'C', '2026-03-01 10:00:00')"


@pytest.fixture
def newer(place: Place) -> Place:
    """1.19.0 runs, with something in what it brought."""
    place.deploy("1.19.0")
    place.execute(ANNOUNCED)
    place.execute("UPDATE students SET guardian_phone = '0123' WHERE id <= 7")
    return place


@pytest.fixture
def native(process_place: Place) -> Place:
    process_place.deploy("1.19.0")
    process_place.execute(ANNOUNCED)
    return process_place


def revision(place: Place) -> str:
    return SqliteEngine().revision(place.database)


def test_the_schema_goes_back_with_the_release_and_every_row_stays(newer: Place) -> None:
    run = newer.roll_back("1.18.1")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert (newer.running_version(), revision(newer), newer.students()) == ("1.18.1", OLD, 200)
    assert newer.serving()
    assert "gone with the schema: announcements, students.guardian_phone" in run.headline
    assert newer.runtime.instances() and all("downgrade" not in each.name for each in newer.runtime.instances())


def test_the_price_is_told_before(newer: Place) -> None:
    code, schema, _ = rollbacks.ways(newer.environment, "1.18.1")
    assert (code.open, schema.open) == (False, True)
    assert "e82b46c1d7f0, which 1.18.1 does not know" in code.why
    assert schema.costs == ("announcements: 1 row is lost", "students.guardian_phone: 7 values are lost")


def test_what_was_before_is_a_backup_of_its_own(native: Place) -> None:
    run = native.roll_back("1.18.1")
    kept = native.environment.backups.get(identifier=run.facts["restore.archive"]["identifier"])
    assert (kept.schema_revision, kept.row_counts["announcements"]) == ("e82b46c1d7f0", 1)


def test_only_the_release_is_refused_by_name_when_that_is_wanted(native: Place) -> None:
    with pytest.raises(WrongUse, match="“Only the release” does not lead back to"):
        rollbacks.plan(native.environment, "1.18.1", "code")
    assert not Run.objects.filter(kind="rollback").exists()


def test_a_way_nobody_knows_is_refused_with_those_that_are_known(native: Place) -> None:
    with pytest.raises(WrongUse, match="“magic” is no way back; known are auto, code, schema, restore"):
        rollbacks.plan(native.environment, "1.18.1", "magic")


def test_the_data_of_a_backup_may_be_wanted_instead(native: Place) -> None:
    run = drive(rollbacks.start(native.environment, BY, "1.18.1", "restore"))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert (native.running_version(), revision(native)) == ("1.18.1", OLD)


LOSING = (
    "; import os, sqlite3; database = sqlite3.connect(os.environ['DATABASE_URL'].partition('///')[2]);"
    "database.execute('DELETE FROM grades WHERE id < 9'); database.commit()"
)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("raise SystemExit('no such column: x')", "The way back failed on the copy: no such column: x"),
        ("pass", f"The way back led to e82b46c1d7f0 instead of {OLD}."),
        (schema.DOWNGRADE + LOSING, "The way back loses rows: grades: "),
    ],
)
def test_a_way_back_that_does_not_work_is_known_before_anything_stops(
    native: Place, script: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "DOWNGRADE", script)
    before, was = native.runtime.inspect(native.environment.instance), digest(native.database)
    run = native.roll_back("1.18.1")
    assert run.state == RunState.SAFE, run.headline
    assert why in run.cause
    assert native.runtime.inspect(native.environment.instance) == before
    assert digest(native.database) == was
