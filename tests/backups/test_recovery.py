"""Putting chosen rows back into the live database."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from backups.engines.plans import dump, load
from backups.engines.putting import PutBack
from backups.engines.recovery import plan
from backups.engines.rows import Kind, differences
from tests.backups.couples import (
    ALL,
    FAMILY,
    HANGING,
    ODD,
    TABLES,
    contents,
    counts,
    couple,
    delete_students,
    difference,
    lives,
    recover,
    script,
)
from tests.backups.databases import commits, count, writing


def test_two_hundred_deleted_students_come_back_with_everything_that_hangs_on_them(seeded: Path, live: Path) -> None:
    before = contents(live)
    delete_students(live)
    first = plan(seeded, live, ALL)
    assert first.offered is not None
    assert set(first.offered) == set(HANGING)
    done = recover(seeded, live, plan(seeded, live, ALL, children=first.offered))
    assert done[0] == PutBack("students", 200, 0, 0)
    assert contents(live) == before


def test_softly_deleted_students_come_back_and_their_hidden_grades_too(seeded: Path, live: Path) -> None:
    before = contents(live)
    script(live, "UPDATE students SET deleted_at = 'now', is_active = 0 WHERE deleted_at IS NULL")
    hidden = "student_id IN (SELECT id FROM students WHERE deleted_at = 'now')"
    script(live, f"UPDATE grades SET deleted_at = 'now' WHERE deleted_at IS NULL AND {hidden}")
    found = plan(seeded, live, ALL, children=["grades"])
    assert not found.conflicts
    recover(seeded, live, found)
    assert contents(live) == before


def test_only_the_chosen_rows_are_touched(seeded: Path, live: Path) -> None:
    delete_students(live, "id <= 5")
    script(live, "UPDATE students SET first_name = 'Later' WHERE id = 9")
    assert recover(seeded, live, plan(seeded, live, {"students": [(2,)]})) == [PutBack("students", 1, 0, 0)]
    assert counts(seeded, live, "students") == (0, 4, 1, 0)
    assert counts(seeded, live, "grades")[1] > 0


def test_a_plan_changes_nothing(seeded: Path, live: Path) -> None:
    delete_students(live)
    bytes_before = live.read_bytes()
    plan(seeded, live, ALL, children=HANGING)
    assert live.read_bytes() == bytes_before


def test_a_second_time_there_is_nothing_to_do(seeded: Path, live: Path) -> None:
    delete_students(live, "id <= 5")
    found = plan(seeded, live, ALL)
    recover(seeded, live, found)
    before = contents(live)
    assert recover(seeded, live, found) == [PutBack("students", 0, 0, 5)]
    assert contents(live) == before
    assert plan(seeded, live, ALL).tables == ()


def test_rows_come_back_while_sms_writes(seeded: Path, live: Path) -> None:
    delete_students(live)
    with writing(live) as writer:
        recover(seeded, live, plan(seeded, live, ALL, children=HANGING))
        assert writer.end() < 10
    assert commits(live) > 0
    assert count(live) == 200


def test_a_plan_survives_being_written_down(seeded: Path, live: Path) -> None:
    delete_students(live, "id <= 5")
    found = plan(seeded, live, ALL | {"courses": [(b"\0",)]}, children=HANGING)
    assert load(json.loads(json.dumps(dump(found)))) == found


def test_a_column_added_since_gets_its_default_and_keeps_what_it_holds(tmp_path: Path) -> None:
    since = "ALTER TABLE child ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'; DELETE FROM child WHERE id = 10;"
    then, now = couple(tmp_path, FAMILY, since + "UPDATE child SET note = 'new', mood = 'sad' WHERE id = 20")
    recover(then, now, plan(then, now, {"child": [Kind.REMOVED, Kind.CHANGED]}))
    with sqlite3.connect(now) as connection:
        found = connection.execute("SELECT id, note, mood FROM child ORDER BY id").fetchall()
    connection.close()
    assert found == [(10, "x", "fine"), (11, "z", "fine"), (20, "y", "sad")]


def test_odd_names_come_back_too(tmp_path: Path) -> None:
    name = ODD.replace('"', '""')
    before = f"""CREATE TABLE "{name}" ("or""der" TEXT, "1 x" BLOB, "select", PRIMARY KEY ("or""der", "1 x"));
        CREATE TABLE "from" ("to" TEXT, "by" BLOB, FOREIGN KEY ("to", "by") REFERENCES "{name}");
        INSERT INTO "{name}" VALUES ('k"', x'00ff', 1); INSERT INTO "from" VALUES ('k"', x'00ff')"""
    then, now = couple(tmp_path, before, f'DELETE FROM "{name}"; DELETE FROM "from"')
    found = plan(then, now, {ODD: [('k"', b"\0\xff")]}, children=["from"])
    assert recover(then, now, load(dump(found))) == [PutBack(ODD, 1, 0, 0), PutBack("from", 1, 0, 0)]
    assert [each.removed or each.changed for each in differences(then, now)] == [0, 0]


def test_rows_without_a_key_come_back_under_their_number(tmp_path: Path) -> None:
    then, now = couple(
        tmp_path, "CREATE TABLE t (a); INSERT INTO t VALUES (1), (1), (2)", "DELETE FROM t WHERE rowid = 2"
    )
    assert recover(then, now, plan(then, now, {"t": [Kind.REMOVED]})) == [PutBack("t", 1, 0, 0)]
    assert counts(then, now, "t") == (0, 0, 0, 0)


@pytest.mark.parametrize("columns", TABLES)
def test_everything_comes_back_and_what_was_added_stays(tmp_path: Path, columns: str) -> None:
    for then, now, *_ in lives(tmp_path, columns, 25):
        added = difference(then, now, "t").added
        recover(then, now, plan(then, now, {"t": [Kind.REMOVED, Kind.HIDDEN, Kind.CHANGED]}))
        assert counts(then, now, "t") == (added, 0, 0, 0)


def test_references_broken_before_stay_allowed(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, "DELETE FROM child WHERE id = 10; INSERT INTO child VALUES (40, 4, 'broken')")
    assert recover(then, now, plan(then, now, {"child": [(10,)]})) == [PutBack("child", 1, 0, 0)]
