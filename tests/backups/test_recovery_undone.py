"""Rows are put back all or none: whatever comes between, or kills it, the database is as before."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from backups.engines import putting
from backups.engines import sqlite as engine
from backups.engines.putting import PutBack, put_back
from backups.engines.recovery import plan
from backups.engines.rows import Kind, differences
from smsops.errors import OpsError
from tests.backups.couples import (
    ALL,
    FAMILY,
    HANGING,
    WIPE,
    contents,
    couple,
    delete_students,
    nothing,
    recover,
    script,
)
from tests.kills import die, killed


def test_a_trigger_that_changes_the_row_undoes_everything(tmp_path: Path) -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON child BEGIN UPDATE child SET note = 'mine' WHERE id = new.id; END;"
    then, now = couple(tmp_path, FAMILY + trigger, "DELETE FROM child WHERE id = 10")
    before = contents(now)
    with pytest.raises(OpsError, match="1 row of child did not keep their old values"):
        recover(then, now, plan(then, now, {"child": [Kind.REMOVED]}))
    assert contents(now) == before


@pytest.mark.parametrize(
    ("since", "why"),
    [
        ("UPDATE parent SET name = 'again' WHERE id = 1", "row 1 of parent was changed since"),
        ("DELETE FROM parent WHERE id = 1", "row 1 of parent was changed since"),
        ("INSERT INTO child VALUES (10, 1, 'another')", "row 10 of child was changed since"),
        ("ALTER TABLE child ADD COLUMN more", "columns of child changed"),
        ("DELETE FROM parent WHERE id = 2", "1 row of child would refer to rows of Parent that are not here"),
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
