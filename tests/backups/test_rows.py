"""What differs between a backup and now, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.engines.rows import Bytes, Kind, RowDifference, TableDifference, differences, rows
from smsops.errors import OpsError, WrongUse
from tests.backups.couples import ODD, TABLES, Rows, counts, couple, difference, lives
from tests.backups.databases import change, writing


def keys(found: list[RowDifference]) -> list[object]:
    return [each.key for each in found]


def test_equal_databases_do_not_differ(then: Path, database: Path) -> None:
    found = differences(then, database)
    assert [each.table for each in found] == ["alembic_version", "grades", "noise", "students"]
    assert not any(each.added or each.removed or each.changed or each.hidden for each in found)


def test_added_removed_and_changed_rows_are_counted(then: Path, database: Path) -> None:
    change(database, "DELETE FROM students WHERE id <= 3")
    change(database, "UPDATE students SET email = NULL WHERE id BETWEEN 10 AND 14")
    change(database, "INSERT INTO students VALUES (99, 'New', 'new@school.example')")
    assert counts(then, database, "students") == (1, 3, 5, 0)
    assert (difference(then, database, "students").before, difference(then, database, "students").after) == (50, 48)


def test_softly_deleted_rows_are_hidden_and_not_changed(tmp_path: Path) -> None:
    then, now = couple(
        tmp_path,
        "CREATE TABLE s (id INTEGER PRIMARY KEY, name, is_active DEFAULT 1, deleted_at);"
        "INSERT INTO s (id, name, deleted_at) VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'c', '2025-01-01')",
        "UPDATE s SET deleted_at = '2026', is_active = 0 WHERE id IN (1, 3); UPDATE s SET name = 'x' WHERE id = 2",
    )
    assert counts(then, now, "s") == (0, 0, 2, 1)
    assert keys(rows(then, now, "s", Kind.HIDDEN)) == [(1,)]
    assert keys(rows(then, now, "s", Kind.CHANGED)) == [(2,), (3,)]


@pytest.mark.parametrize(
    "columns",
    [
        "(a INTEGER, b TEXT, c, PRIMARY KEY (a, b))",
        "(a INTEGER, b TEXT, c, PRIMARY KEY (b, a)) WITHOUT ROWID",
        "(b PRIMARY KEY, a, c)",
        "(a INTEGER, b TEXT, c)",
        "(rowid TEXT, a, c)",
    ],
)
def test_rows_are_told_apart_by_whatever_key_there_is(tmp_path: Path, columns: str) -> None:
    before = f"CREATE TABLE t {columns}; INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 1), (3, 'y', 2)"
    then, now = couple(tmp_path, before, "DELETE FROM t WHERE c = 2; UPDATE t SET c = 3")
    assert counts(then, now, "t") == (0, 1, 2, 0)


def test_keys_with_nulls_fall_back_to_row_numbers(tmp_path: Path) -> None:
    before = "CREATE TABLE t (a TEXT PRIMARY KEY, b); INSERT INTO t VALUES (NULL, 1), (NULL, 2), ('x', 3)"
    then, now = couple(tmp_path, before, "DELETE FROM t WHERE b = 2")
    assert counts(then, now, "t") == (0, 1, 0, 0)
    assert rows(then, now, "t", Kind.REMOVED)[0].key_names == ("rowid",)


def test_a_letter_of_another_case_is_a_change_whatever_the_collation(tmp_path: Path) -> None:
    before = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE); INSERT INTO t VALUES (1, 'ann')"
    then, now = couple(tmp_path, before, "UPDATE t SET b = 'Ann'")
    assert counts(then, now, "t") == (0, 0, 1, 0)


def test_tables_on_one_side_only_are_told(then: Path, database: Path) -> None:
    change(database, "DROP TABLE grades")
    change(database, "CREATE TABLE fees AS SELECT id FROM students LIMIT 7")
    assert difference(then, database, "grades") == TableDifference("grades", 50, 0, removed=50, only_in="then")
    assert difference(then, database, "fees") == TableDifference("fees", 0, 7, added=7, only_in="now")


def test_columns_on_one_side_only_are_told_and_are_no_change(then: Path, database: Path) -> None:
    change(database, "ALTER TABLE students ADD COLUMN phone TEXT DEFAULT '-'")
    change(database, "ALTER TABLE students DROP COLUMN email")
    found = difference(then, database, "students")
    assert (found.columns_gone, found.columns_new, found.changed) == (("email",), ("phone",), 0)


def test_a_new_primary_key_is_told_and_not_compared(tmp_path: Path) -> None:
    after = "DROP TABLE t; CREATE TABLE t (a, b PRIMARY KEY)"
    then, now = couple(tmp_path, "CREATE TABLE t (a PRIMARY KEY, b)", after)
    assert difference(then, now, "t").problem == "The primary key is another one now."
    with pytest.raises(WrongUse, match="cannot be compared"):
        rows(then, now, "t", Kind.REMOVED)


def test_odd_names_are_only_names(tmp_path: Path) -> None:
    name, column = ODD.replace('"', '""'), 'or"der by'.replace('"', '""')
    before = f'CREATE TABLE "{name}" ("{column}" PRIMARY KEY, "select"); INSERT INTO "{name}" VALUES (\'k"1\', 1)'
    then, now = couple(tmp_path, before, f'UPDATE "{name}" SET "select" = 2')
    assert counts(then, now, ODD) == (0, 0, 1, 0)
    assert keys(rows(then, now, ODD, Kind.CHANGED)) == [('k"1',)]


def test_virtual_tables_and_views_are_left_out(tmp_path: Path) -> None:
    before = "CREATE VIRTUAL TABLE words USING fts5 (word); CREATE TABLE t (a); CREATE VIEW v AS SELECT * FROM t"
    then, now = couple(tmp_path, before, "INSERT INTO words VALUES ('hello')")
    assert [each.table for each in differences(then, now)] == ["t"]


def test_a_row_shows_every_column_then_and_now(then: Path, database: Path) -> None:
    change(database, "UPDATE students SET name = 'Ann' WHERE id = 7")
    (row,) = rows(then, database, "students", Kind.CHANGED)
    assert (row.key, row.key_names) == ((7,), ("id",))
    said = {cell.column: (cell.then, cell.now) for cell in row.cells}
    assert said["name"] == ("Student 7", "Ann")
    assert [cell.column for cell in row.cells if cell.differs] == ["name"]


def test_bytes_are_shown_as_their_size(tmp_path: Path) -> None:
    before = "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, x'0102')"
    then, now = couple(tmp_path, before, "UPDATE t SET b = x'0103'")
    cell = rows(then, now, "t", Kind.CHANGED)[0].cells[1]
    assert (cell.then, cell.now, cell.differs) == (Bytes(2), Bytes(2), True)


def test_text_that_is_no_utf8_is_shown_too(tmp_path: Path) -> None:
    before = "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, CAST(x'61FF' AS TEXT))"
    then, now = couple(tmp_path, before, "DELETE FROM t")
    assert rows(then, now, "t", Kind.REMOVED)[0].cells[1].then == "a\udcff"


def test_pages_follow_each_other_in_the_order_of_keys(then: Path, database: Path) -> None:
    change(database, "DELETE FROM students WHERE id > 10")
    pages = [rows(then, database, "students", Kind.REMOVED, 15, offset) for offset in (0, 15, 30, 45)]
    assert [each.key[0] for page in pages for each in page] == list(range(11, 51))


def test_added_rows_have_no_past(then: Path, database: Path) -> None:
    change(database, "INSERT INTO students VALUES (99, 'New', NULL)")
    (row,) = rows(then, database, "students", Kind.ADDED)
    assert [(cell.column, cell.then, cell.now) for cell in row.cells][:2] == [("id", None, 99), ("name", None, "New")]


def test_a_table_the_backup_lacks_has_no_rows_to_show(then: Path, database: Path) -> None:
    change(database, "CREATE TABLE fees (id)")
    with pytest.raises(WrongUse, match="no table fees in the backup"):
        rows(then, database, "fees", Kind.ADDED)


def test_what_is_no_database_is_refused(database: Path, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database")
    with pytest.raises(OpsError, match="is not an SQLite database"):
        differences(tmp_path / "text.db", database)


def test_looking_leaves_nothing_beside_the_backup_and_changes_nothing(then: Path, database: Path) -> None:
    contents = [path.read_bytes() for path in (then, database)]
    differences(then, database)
    assert [path.read_bytes() for path in (then, database)] == contents
    assert not list(then.parent.glob("then.db-*")) + list(database.parent.glob("*.db-*"))


def test_differences_are_those_of_one_moment_and_hold_up_no_writer(then: Path, database: Path) -> None:
    with writing(database) as writer:
        found: list[dict[str, int]] = []
        while len(found) < 40 or found[-1]["one"] == found[0]["one"]:
            assert len(found) < 2000, "no commit was seen"
            found.append({each.table: each.after for each in differences(then, database)})
        assert writer.end() < 5
    assert all(each["one"] == each["other"] for each in found)
    assert found[-1]["one"] > found[0]["one"]


def expected(was: Rows, now: Rows) -> tuple[int, int, int, int]:
    """Added, removed, changed, hidden, by the simplest means."""
    both = was.keys() & now.keys()
    hidden = {key for key in both if was[key][2] is None and now[key][2] is not None}
    changed = {key for key in both if was[key] != now[key]} - hidden
    return len(now.keys() - was.keys()), len(was.keys() - now.keys()), len(changed), len(hidden)


@pytest.mark.parametrize("columns", TABLES)
def test_counts_and_rows_agree_with_a_simple_reckoning(tmp_path: Path, columns: str) -> None:
    for then, now, was, became in lives(tmp_path, columns, 40):
        right = expected(was, became)
        assert counts(then, now, "t") == right
        assert tuple(len(rows(then, now, "t", kind)) for kind in Kind) == right
