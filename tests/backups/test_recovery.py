"""Putting chosen rows back into the live database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from backups.engines import putting, recovery
from backups.engines import sqlite as engine
from backups.engines.plans import Conflict, RecoveryPlan, dump, load
from backups.engines.putting import PutBack, put_back
from backups.engines.recovery import plan
from backups.engines.rows import Kind, differences
from smsops.errors import OpsError, WrongUse
from tests.backups.databases import commits, count, writing
from tests.backups.test_rows import ODD, TABLES, counts, couple, difference, scramble, script, then

__all__ = ["then"]
HANGING = ("grades", "attendances", "course_enrollments", "daily_performances", "highlights")
ALL = {"students": [Kind.REMOVED, Kind.HIDDEN]}
FAMILY = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE, deleted_at);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES Parent, note);
CREATE TABLE grandchild (id INTEGER PRIMARY KEY, child INTEGER REFERENCES child (ID), self REFERENCES grandchild);
INSERT INTO parent VALUES (1, 'a', NULL), (2, 'b', NULL);
INSERT INTO child VALUES (10, 1, 'x'), (20, 2, 'y'), (11, 1, 'z');
INSERT INTO grandchild VALUES (100, 10, NULL), (200, 20, 100);
"""
WIPE = "DELETE FROM grandchild; DELETE FROM child; DELETE FROM parent;"


def nothing() -> None:
    """A guard that lets everything pass."""


def contents(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        said = sorted(connection.iterdump())
    connection.close()
    return said


def planned(found: RecoveryPlan) -> dict[str, list[tuple[object, bool]]]:
    return {table.table: [(row.key[0], row.needed) for row in table.rows] for table in found.tables}


def abouts(found: RecoveryPlan) -> list[tuple[str, object, str]]:
    return [(each.table, each.key, each.about) for each in found.conflicts]


def recover(then: Path, now: Path, found: RecoveryPlan) -> list[PutBack]:
    return put_back(found, then, now, nothing)


@pytest.fixture(scope="module")
def seeded(school: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo school in one quiet file."""
    copy = Path(shutil.copy2(school, tmp_path_factory.mktemp("seeded") / "school.db"))
    return script(copy, "PRAGMA journal_mode=DELETE")


@pytest.fixture
def live(seeded: Path, tmp_path: Path) -> Path:
    """The school SMS works on."""
    return script(Path(shutil.copy2(seeded, tmp_path / "live.db")), "PRAGMA journal_mode=WAL")


def delete_students(live: Path, where: str = "id > 0") -> None:
    found = f"(SELECT id FROM students WHERE {where})"
    script(live, "".join(f"DELETE FROM {table} WHERE student_id IN {found};" for table in HANGING))
    script(live, f"DELETE FROM students WHERE {where}")


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
        assert writer.end() < 4
    assert commits(live) > 0
    assert count(live) == 200


def test_a_plan_survives_being_written_down(seeded: Path, live: Path) -> None:
    delete_students(live, "id <= 5")
    found = plan(seeded, live, ALL | {"courses": [(b"\0",)]}, children=HANGING)
    assert load(json.loads(json.dumps(dump(found)))) == found


def test_missing_parents_come_along_up_to_the_top(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, WIPE)
    found = plan(then, now, {"grandchild": [(200,)]})
    assert planned(found) == {
        "parent": [(1, True), (2, True)],
        "child": [(10, True), (20, True)],
        "grandchild": [(100, True), (200, False)],
    }
    assert [table.table for table in found.tables] == ["parent", "child", "grandchild"]
    recover(then, now, found)
    assert count(now, "grandchild") == count(now, "parent") == 2


def test_children_are_offered_and_not_forced(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, WIPE)
    found = plan(then, now, {"parent": [(1,)]})
    assert planned(found) == {"parent": [(1, False)]}
    assert found.offered == {"child": 2, "grandchild": 2}


def test_children_of_one_table_come_alone_when_asked_for(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, WIPE)
    found = plan(then, now, {"parent": [(1,)]}, children=["Child"])
    assert planned(found) == {"parent": [(1, False)], "child": [(10, False), (11, False)]}
    assert found.offered == {"grandchild": 2}


def test_a_unique_value_that_is_taken_is_a_conflict(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, "DELETE FROM parent; INSERT INTO parent VALUES (7, 'a', NULL)")
    found = plan(then, now, {"parent": [Kind.REMOVED]})
    text = "Row 1 of parent cannot come back: its name belongs to row 7 now."
    assert found.conflicts == (Conflict("parent", (1,), "taken", text),)
    with pytest.raises(WrongUse, match="belongs to row 7 now"):
        recover(then, now, found)


def test_what_conflicts_can_be_left_out(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, "DELETE FROM parent; INSERT INTO parent VALUES (7, 'a', NULL)")
    found = plan(then, now, {"parent": [Kind.REMOVED]}, leave={"parent": [(1,)]})
    assert recover(then, now, found) == [PutBack("parent", 1, 0, 0)]


def test_a_child_of_a_row_left_out_is_a_conflict(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, WIPE)
    found = plan(then, now, {"child": [(10,)]}, leave={"parent": [(1,)]})
    assert abouts(found) == [("child", (10,), "parent")]


def test_a_parent_the_backup_lacks_too_is_a_conflict(tmp_path: Path) -> None:
    orphan = "INSERT INTO child VALUES (30, 3, 'no parent');"
    then, now = couple(tmp_path, FAMILY + orphan, "DELETE FROM child WHERE id = 30")
    found = plan(then, now, {"child": [(30,)]})
    assert abouts(found) == [("child", (30,), "parent")]
    assert found.conflicts[0].blocks


def test_a_row_that_lacks_its_parent_anyway_may_be_corrected(tmp_path: Path) -> None:
    orphan = "INSERT INTO child VALUES (30, 3, 'no parent');"
    then, now = couple(tmp_path, FAMILY + orphan, "UPDATE child SET note = 'spoilt' WHERE id = 30")
    assert recover(then, now, plan(then, now, {"child": [Kind.CHANGED]})) == [PutBack("child", 0, 1, 0)]


def test_a_row_with_later_edits_is_told_and_comes_back_if_wanted(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, "UPDATE parent SET deleted_at = 1, name = 'new' WHERE id = 1")
    found = plan(then, now, {"parent": [Kind.HIDDEN]})
    assert abouts(found) == [("parent", (1,), "edited")]
    assert found.conflicts[0].text == "Row 1 of parent was changed since: name would be as before again."
    assert recover(then, now, found) == [PutBack("parent", 0, 1, 0)]


def test_later_edits_of_rows_chosen_as_changed_are_no_news(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, "UPDATE parent SET name = 'new' WHERE id = 1")
    assert plan(then, now, {"parent": [Kind.CHANGED]}).conflicts == ()


def test_a_key_the_backup_lacks_is_a_conflict(then: Path, database: Path) -> None:
    found = plan(then, database, {"students": [(999,), (2**70,)]})
    assert abouts(found) == [("students", (999,), "absent"), ("students", (2**70,), "absent")]


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"nowhere": [(1,)]}, "no table nowhere"),
        ({"students": [Kind.ADDED]}, "not in it"),
        ({"students": [(1, 2)]}, "known by id"),
    ],
)
def test_a_senseless_choice_is_refused(
    then: Path, database: Path, chosen: dict[str, list[Kind | tuple[int, ...]]], why: str
) -> None:
    with pytest.raises(WrongUse, match=why):
        plan(then, database, chosen)


def test_the_schema_revision_is_nobodys_to_choose(then: Path, database: Path) -> None:
    script(database, "UPDATE alembic_version SET version_num = 'later'")
    found = plan(then, database, {"alembic_version": [Kind.REMOVED, Kind.CHANGED]})
    assert abouts(found) == [("alembic_version", (), "unchoosable")]


def test_too_many_rows_are_a_full_restore(then: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "ROWS_LIMIT", 49)
    script(database, "DELETE FROM students")
    with pytest.raises(WrongUse, match="restore the whole backup"):
        plan(then, database, {"students": [Kind.REMOVED]})


def test_a_column_added_since_gets_its_default_and_keeps_what_it_holds(tmp_path: Path) -> None:
    since = "ALTER TABLE child ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'; DELETE FROM child WHERE id = 10;"
    then, now = couple(tmp_path, FAMILY, since + "UPDATE child SET note = 'new', mood = 'sad' WHERE id = 20")
    recover(then, now, plan(then, now, {"child": [Kind.REMOVED, Kind.CHANGED]}))
    with sqlite3.connect(now) as connection:
        found = connection.execute("SELECT id, note, mood FROM child ORDER BY id").fetchall()
    connection.close()
    assert found == [(10, "x", "fine"), (11, "z", "fine"), (20, "y", "sad")]


def test_a_column_gone_since_is_named(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, "ALTER TABLE child DROP COLUMN note; DELETE FROM child WHERE id = 10")
    found = plan(then, now, {"child": [Kind.REMOVED]})
    assert (found.tables[0].gone, abouts(found)) == (("note",), [("child", (), "gone")])
    assert recover(then, now, found) == [PutBack("child", 1, 0, 0)]


def test_a_value_demanded_since_is_a_conflict(tmp_path: Path) -> None:
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, NULL), (2, 5);"
    after = "DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, a NOT NULL, b NOT NULL)"
    then, now = couple(tmp_path, before, after)
    found = plan(then, now, {"t": [Kind.REMOVED]})
    assert abouts(found) == [("t", (), "required"), ("t", (1,), "required")]


def test_triggers_are_told(tmp_path: Path) -> None:
    trigger = "CREATE TRIGGER note AFTER INSERT ON child BEGIN UPDATE parent SET name = 'seen ' || name; END;"
    then, now = couple(tmp_path, FAMILY + trigger, "DELETE FROM child WHERE id = 10")
    found = plan(then, now, {"child": [Kind.REMOVED]})
    assert abouts(found) == [("child", (), "trigger")]
    assert not found.blocking


def test_a_trigger_that_changes_the_row_undoes_everything(tmp_path: Path) -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON child BEGIN UPDATE child SET note = 'mine' WHERE id = new.id; END;"
    then, now = couple(tmp_path, FAMILY + trigger, "DELETE FROM child WHERE id = 10")
    before = contents(now)
    with pytest.raises(OpsError, match="1 rows of child did not keep their old values"):
        recover(then, now, plan(then, now, {"child": [Kind.REMOVED]}))
    assert contents(now) == before


@pytest.mark.parametrize(
    ("since", "why"),
    [
        ("UPDATE parent SET name = 'again' WHERE id = 1", "row 1 of parent was changed since"),
        ("DELETE FROM parent WHERE id = 1", "row 1 of parent was changed since"),
        ("INSERT INTO child VALUES (10, 1, 'another')", "row 10 of child was changed since"),
        ("ALTER TABLE child ADD COLUMN more", "columns of child changed"),
        ("DELETE FROM parent WHERE id = 2", "1 rows of child would refer to rows of Parent that are not here"),
        ("CREATE UNIQUE INDEX u ON child (length(note))", "UNIQUE"),
    ],
)
def test_what_changed_since_the_plan_undoes_everything(tmp_path: Path, since: str, why: str) -> None:
    then, now = couple(tmp_path, FAMILY, "UPDATE parent SET name = 'new' WHERE id = 1; DELETE FROM child WHERE id < 21")
    found = plan(then, now, {"parent": [(1,)], "child": [(10,), (20,)]})
    before = contents(script(now, since))
    with pytest.raises(OpsError, match=why):
        recover(then, now, found)
    assert contents(now) == before


def test_references_broken_before_stay_allowed(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, "DELETE FROM child WHERE id = 10; INSERT INTO child VALUES (40, 4, 'broken')")
    assert recover(then, now, plan(then, now, {"child": [(10,)]})) == [PutBack("child", 1, 0, 0)]


def test_a_guard_that_objects_undoes_everything(tmp_path: Path) -> None:
    then, now = couple(tmp_path, FAMILY, WIPE)
    before = contents(now)

    def object_() -> None:
        raise OpsError("The lease is lost.")

    with pytest.raises(OpsError, match="The lease is lost"):
        put_back(plan(then, now, {"parent": [Kind.REMOVED]}), then, now, object_)
    assert contents(now) == before


def test_a_busy_database_is_a_passing_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    then, now = couple(tmp_path, FAMILY, WIPE)
    found = plan(then, now, {"parent": [Kind.REMOVED]})
    busy = sqlite3.connect(now, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    with pytest.raises(OpsError, match="stayed locked") as caught:
        recover(then, now, found)
    busy.close()
    assert caught.value.transient


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(act: Callable[[], object]) -> None:
    """Do it in another process that is killed meanwhile."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def test_killed_before_the_commit_nothing_is_back(seeded: Path, live: Path) -> None:
    delete_students(live)
    found, before = plan(seeded, live, ALL, children=HANGING), contents(live)
    killed(lambda: put_back(found, seeded, live, die))
    assert contents(live) == before
    assert recover(seeded, live, found)[0] == PutBack("students", 200, 0, 0)


def test_killed_between_two_tables_nothing_is_back(seeded: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delete_students(live)
    found, before = plan(seeded, live, ALL, children=HANGING), contents(live)
    with monkeypatch.context() as patched:
        patched.setattr(putting, "_check_written", die)
        killed(lambda: put_back(found, seeded, live, nothing))
    assert contents(live) == before


def test_killed_after_the_commit_everything_is_back(seeded: Path, live: Path) -> None:
    delete_students(live)
    found = plan(seeded, live, ALL, children=HANGING)
    killed(lambda: die(put_back(found, seeded, live, nothing)))
    assert not any(each.removed for each in differences(seeded, live))
    assert recover(seeded, live, found)[0] == PutBack("students", 0, 0, 200)


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
    for number in range(25):
        random, folder = Random(number), tmp_path / str(number)
        folder.mkdir()
        then, now = couple(folder, f"CREATE TABLE t {columns}", "")
        scramble(random, then)
        shutil.copy2(then, now)
        scramble(random, now)
        added = difference(then, now, "t").added
        recover(then, now, plan(then, now, {"t": [Kind.REMOVED, Kind.HIDDEN, Kind.CHANGED]}))
        assert counts(then, now, "t") == (added, 0, 0, 0)
