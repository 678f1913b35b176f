"""Rows of a backup go back while SMS runs: by a run, with a backup before, all of them or none."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from backups.models import Backup
from backups.services import recoveries
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.kills import kill_at_every_boundary
from tests.ops.conftest import ops, worker
from tests.ops.terminal import Terminal
from tests.places import Place, drive
from tests.runtimes.acts import seen

__all__ = ["ops", "worker"]
BY = By(name="test")
GONE = "id <= 20"
TABLES = ("students", "grades", "attendances", "course_enrollments")


def counts(place: Place) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(place.database)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def bereft(place: Place) -> Backup:
    """SMS runs, a backup is there, and twenty students are gone with all that hung on them."""
    place.deploy("1.18.1")
    place.back_up()
    for table in ("grades", "attendances", "course_enrollments", "daily_performances", "highlights"):
        with contextlib.suppress(sqlite3.OperationalError):
            place.execute(f"DELETE FROM {table} WHERE student_id <= 20")
    place.execute(f"DELETE FROM students WHERE {GONE}")
    return Backup.objects.latest("taken_at")


def of(backup: Backup) -> dict[str, int]:
    """The same counts, as they were in the backup."""
    return {table: backup.row_counts[table] for table in TABLES}


def put_back(backup: Backup, **how: bool) -> Run:
    return recoveries.put_back(backup, {"students": ["removed"]}, BY, **{"with_children": True, **how})


def test_a_comparison_counts_what_is_gone_and_changes_nothing(process_place: Place) -> None:
    backup = bereft(process_place)
    before = counts(process_place)
    run = drive(recoveries.compare(backup, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    told = {each["table"]: each for each in run.facts["rows.compare"]["tables"]}
    assert (told["students"]["removed"], told["students"]["before"]) == (20, 200)
    assert "20 students" in run.headline
    assert counts(process_place) == before


def test_rows_come_back_with_what_hangs_on_them_while_sms_runs(place: Place) -> None:
    backup = bereft(place)
    before, wanted = seen(place), of(backup)
    run = drive(put_back(backup))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert run.headline.startswith("Back again: ")
    assert counts(place) == wanted
    assert (seen(place), place.serving(), place.students()) == (before, True, 200)


def test_without_what_hangs_on_them_only_the_rows_come_back(process_place: Place) -> None:
    backup = bereft(process_place)
    before = counts(process_place)
    run = drive(put_back(backup, with_children=False))
    assert counts(process_place) == before | {"students": 200}
    assert run.facts["rows.plan"]["offered"]["grades"] > 0


def test_a_preview_changes_nothing_and_says_what_would_go_back(process_place: Place) -> None:
    backup = bereft(process_place)
    before = counts(process_place)
    run = drive(put_back(backup, dry_run=True))
    assert "20 students" in run.headline
    assert counts(process_place) == before


def test_the_data_of_before_is_a_backup(process_place: Place) -> None:
    backup = bereft(process_place)
    run = drive(put_back(backup))
    (safety,) = Backup.objects.filter(run=run)
    assert safety.row_counts["students"] == 180


def test_a_row_whose_place_is_taken_stops_everything_and_is_named(process_place: Place) -> None:
    backup = bereft(process_place)
    with contextlib.closing(sqlite3.connect(process_place.database)) as connection:
        (email,) = connection.execute("SELECT email FROM students WHERE id = 199").fetchone()
    process_place.execute("DELETE FROM students WHERE id = 199")
    process_place.execute(f"UPDATE students SET email = '{email}' WHERE id = 150")
    before = counts(process_place)
    run = drive(put_back(backup))
    assert run.state == RunState.SAFE, run.headline
    assert "1 conflict stands in the way" in run.cause
    assert counts(process_place) == before


def test_a_recovery_survives_a_kill_at_every_boundary(place: Place) -> None:
    backup = bereft(place)
    run, wanted = put_back(backup), of(backup)
    deaths = kill_at_every_boundary(run, lambda: counts(place)["students"])
    assert run.state == RunState.SUCCEEDED, run.headline
    assert counts(place) == wanted
    assert set(deaths.seen) == {180, 200}


@pytest.mark.parametrize("chosen", [{}, {"students": []}, {"students": ["all"]}])
def test_choosing_nothing_or_nonsense_is_wrong_use(process_place: Place, chosen: dict[str, list[str]]) -> None:
    process_place.back_up()
    with pytest.raises(WrongUse):
        recoveries.put_back(Backup.objects.get(), chosen, BY, with_children=False)


def test_the_command_compares_and_puts_back(ops: Terminal, process_place: Place, worker: None) -> None:
    bereft(process_place)
    found = ops("compare", process_place.name, "--json").document
    assert {each["table"]: each["removed"] for each in found["tables"]}["students"] == 20
    preview = ops("put-back", process_place.name, "--table", "students", "--removed", "--dry-run")
    assert (preview.code, "--with-children brings them along" in preview.out) == (0, True)
    said = ops("put-back", process_place.name, "--table", "students", "--removed", "--with-children", "--wait")
    assert (said.code, "Back again: " in said.out) == (0, True)
    assert counts(process_place)["students"] == 200


def test_one_row_is_put_back_by_its_key(ops: Terminal, process_place: Place, worker: None) -> None:
    bereft(process_place)
    said = ops("put-back", process_place.name, "--table", "students", "--key", 7, "--wait")
    assert (said.code, counts(process_place)["students"]) == (0, 181)


def test_no_rows_are_wrong_use(ops: Terminal, process_place: Place) -> None:
    said = ops("put-back", process_place.name, "--table", "students")
    assert (said.code, said.complaint) == (2, "Say which rows: --removed, --hidden, --changed or --key KEY.")
