"""What a plan to put rows back takes along, and what it says stands in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.engines import recovery
from backups.engines.plans import Conflict, RecoveryPlan
from backups.engines.putting import PutBack
from backups.engines.recovery import plan
from backups.engines.rows import Kind
from smsops.errors import WrongUse
from tests.backups.couples import FAMILY, WIPE, abouts, couple, recover, script
from tests.backups.databases import count


def planned(found: RecoveryPlan) -> dict[str, list[tuple[object, bool]]]:
    return {table.table: [(row.key[0], row.needed) for row in table.rows] for table in found.tables}


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
