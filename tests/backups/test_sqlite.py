"""What the engine knows of a database: facts, changes between two, schema; and how it brings one to rest."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from backups.engines.base import TableChange
from backups.engines.sqlite import SqliteEngine, quiesce
from backups.services import integrity
from smsops.errors import OpsError
from tests.backups.databases import REVISION, change, count, leave_a_log, make

ENGINE = SqliteEngine()


@pytest.fixture
def before(database: Path, tmp_path: Path) -> Path:
    """The database as it was."""
    return Path(shutil.copy2(database, tmp_path / "before.db"))


def compared(before: Path, after: Path, table: str = "students") -> TableChange:
    return ENGINE.compare(before, after, [table])[0]


def test_facts_describe_a_database(database: Path) -> None:
    facts = ENGINE.facts(database)
    assert (facts.size, facts.page_size * facts.page_count) == (database.stat().st_size,) * 2
    assert facts.schema_revision == REVISION
    assert facts.row_counts == {"alembic_version": 1, "grades": 50, "noise": 0, "students": 50}
    assert facts.problem == ""


def test_several_heads_are_told_in_order(database: Path) -> None:
    change(database, "INSERT INTO alembic_version VALUES ('0001')")
    assert ENGINE.revision(database) == f"0001,{REVISION}"


def test_a_database_without_revision_has_none(database: Path) -> None:
    change(database, "DROP TABLE alembic_version")
    assert ENGINE.revision(database) == ENGINE.facts(database).schema_revision == ""


def test_looking_at_a_quiet_database_leaves_nothing_beside_it(database: Path) -> None:
    ENGINE.facts(database)
    ENGINE.schema(database)
    ENGINE.deep_check(database)
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_rows_that_point_to_nothing_are_found_by_the_deep_check(database: Path) -> None:
    assert ENGINE.deep_check(database) == ("", {})
    change(database, "DELETE FROM students WHERE id <= 3")
    assert ENGINE.deep_check(database) == ("", {"grades": 3})


def test_an_unchanged_table_has_no_changes(before: Path, database: Path) -> None:
    assert compared(before, database) == TableChange("students", 50, 50, 0, 0, 0)


def test_removed_changed_and_blanked_rows_are_counted_apart(before: Path, database: Path) -> None:
    change(database, "DELETE FROM students WHERE id <= 5")
    change(database, "UPDATE students SET name = name || '!' WHERE id BETWEEN 6 AND 12")
    change(database, "UPDATE students SET email = NULL WHERE id BETWEEN 13 AND 15")
    change(database, "UPDATE students SET email = '' WHERE id = 16")
    change(database, "INSERT INTO students VALUES (900, 'New', 'new@school.example')")
    assert compared(before, database) == TableChange("students", 50, 46, removed=5, changed=11, blanked=4)


def test_a_value_that_appears_is_a_change_and_no_loss(before: Path, database: Path) -> None:
    change(before, "UPDATE students SET email = NULL WHERE id <= 2")
    found = compared(before, database)
    assert (found.changed, found.blanked) == (2, 0)


def test_only_columns_that_both_have_are_compared(before: Path, database: Path) -> None:
    change(database, "ALTER TABLE students ADD COLUMN phone TEXT")
    change(database, "UPDATE students SET phone = '1'")
    assert compared(before, database).changed == 0


def test_a_table_that_was_not_there_before_is_left_out(before: Path, database: Path) -> None:
    change(database, "CREATE TABLE announcements (id INTEGER PRIMARY KEY)")
    assert ENGINE.compare(before, database, ["announcements", "nothing"]) == []


def test_a_table_that_is_gone_has_lost_all_its_rows(before: Path, database: Path) -> None:
    change(database, "DROP TABLE grades")
    assert compared(before, database, "grades") == TableChange("grades", 50, 0, 50, 0, 0)


def test_odd_names_of_tables_and_columns_are_names(tmp_path: Path) -> None:
    odd = 'we"ird; --'
    first, second = tmp_path / "a.db", tmp_path / "b.db"
    for path, value in ((first, "x"), (second, "y")):
        make(path)
        change(path, """CREATE TABLE "we""ird; --" (id INTEGER PRIMARY KEY, "col""umn" TEXT)""")
        change(path, f"""INSERT INTO "we""ird; --" VALUES (1, '{value}')""")
    assert ENGINE.compare(first, second, [odd])[0].changed == 1
    assert ENGINE.row_counts(first)[odd] == 1


def test_the_schema_is_the_same_only_when_every_definition_is(before: Path, database: Path) -> None:
    assert ENGINE.schema(before) == ENGINE.schema(database)
    change(database, "CREATE INDEX by_name ON students (name)")
    assert ENGINE.schema(before) != ENGINE.schema(database)


def test_quiescing_writes_the_log_back_and_removes_it(database: Path) -> None:
    leave_a_log(database, "DELETE FROM students WHERE id > 7")
    quiesce(database)
    assert [path.name for path in database.parent.iterdir()] == [database.name]
    assert count(database) == 7


@pytest.mark.parametrize("doing", ["SELECT count(*) FROM students", "UPDATE students SET name = ''"])
def test_a_database_that_somebody_has_open_is_not_quiet(database: Path, doing: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("PRAGMA busy_timeout=0")
        other.execute(doing)
        other.commit()
        with pytest.raises(OpsError, match="still in use by another process") as caught:
            quiesce(database)
    assert caught.value.transient


def test_a_quiet_database_is_quiesced_in_either_mode(tmp_path: Path) -> None:
    for journal in ("wal", "delete"):
        quiesce(make(tmp_path / f"{journal}.db", journal=journal))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["delete.db", "wal.db"]


def losses(before: Path, after: Path, *, migrated: bool = False) -> list[str]:
    return integrity.losses(ENGINE.compare(before, after, ["students", "grades"]), migrated=migrated)


def test_a_few_rows_people_removed_or_changed_are_no_loss(before: Path, database: Path) -> None:
    change(database, "DELETE FROM students WHERE id <= 3")
    change(database, "UPDATE students SET name = 'Z' WHERE id > 40")
    assert losses(before, database) == []


def test_many_removed_rows_are_a_loss(before: Path, database: Path) -> None:
    change(database, "DELETE FROM students WHERE id <= 4")
    assert losses(before, database, migrated=True) == ["students lost 4 of 50 rows"]


def test_many_emptied_rows_are_a_loss_also_across_a_migration(before: Path, database: Path) -> None:
    change(database, "UPDATE students SET email = ''")
    assert losses(before, database, migrated=True) == ["50 of 50 rows of students lost their content"]


def test_many_changed_rows_are_a_loss_unless_a_migration_changed_them(before: Path, database: Path) -> None:
    change(database, "UPDATE students SET name = upper(name)")
    assert losses(before, database) == ["50 of 50 rows of students were changed"]
    assert losses(before, database, migrated=True) == []


def test_an_old_release_gets_back_only_data_it_knows(before: Path, database: Path) -> None:
    assert integrity.spoiled(before, database, ["students"]) == ""
    change(database, "CREATE TABLE half_done (id INTEGER)")
    assert integrity.spoiled(before, database, ["students"]) == "the schema had been changed half-way."
    change(database, "UPDATE alembic_version SET version_num = 'ffff'")
    assert integrity.spoiled(before, database, ["students"]) == f"the schema had moved from {REVISION} to ffff."


def test_a_core_table_that_is_gone_is_a_loss(tmp_path: Path) -> None:
    before, after = make(tmp_path / "before.db"), make(tmp_path / "after.db")
    change(after, "DROP TABLE grades")
    changes = SqliteEngine().compare(before, after, ["students", "grades"])
    assert integrity.losses(changes, migrated=True) != []
