"""Single rows of a PostgreSQL database: compared, chosen and put back, each value exactly as it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from backups.engines.postgres import mirror
from backups.engines.postgres.connection import connect
from backups.engines.postgres.engine import PostgresEngine
from backups.engines.postgres.scratch import ScratchServer
from backups.engines.putting import PutBack
from backups.engines.rows import Kind
from smsops.errors import OpsError, WrongUse
from tests.backups.pg_couples import GONE, TYPED, Couple

pytestmark = pytest.mark.postgres


def test_deleted_students_come_back_with_all_that_hangs_on_them(pair: Couple) -> None:
    pair.execute("DELETE FROM grades WHERE student <= 20; DELETE FROM students WHERE id <= 20")
    assert pair.counts("students") == (0, 20, 0, 0)
    assert pair.plan(GONE).offered == {"grades": 20}
    done = pair.put(pair.plan(GONE, "grades"))
    assert done == [PutBack("students", 20, 0, 0), PutBack("grades", 20, 0, 0)]
    assert (pair.counts("students"), pair.counts("grades")) == ((0, 0, 0, 0), (0, 0, 0, 0))


def test_every_type_comes_back_exactly(pair: Couple) -> None:
    pair.execute(TYPED)
    pair.execute(f"ALTER DATABASE {pair.url.name} SET DateStyle = 'SQL, DMY'")
    pair.execute(f"ALTER DATABASE {pair.url.name} SET TimeZone = 'Europe/Athens'")
    pair.remember()
    before = pair.execute("SELECT typed::text, encode(float8send(f), 'hex') FROM typed ORDER BY id")
    pair.execute("DELETE FROM typed WHERE id > 2; UPDATE typed SET f = 1, n = 1.0, s = NULL, j = '[]'")
    assert pair.put(pair.plan({"typed": [Kind.REMOVED, Kind.CHANGED]})) == [PutBack("typed", 2, 1, 0)]
    assert pair.execute("SELECT typed::text, encode(float8send(f), 'hex') FROM typed ORDER BY id") == before
    assert pair.counts("typed") == (0, 0, 0, 0)


def test_what_the_server_writes_otherwise_by_its_settings_is_no_change(pair: Couple) -> None:
    pair.execute(TYPED)
    pair.remember()
    for setting in ("DateStyle = 'German'", "TimeZone = 'Asia/Tokyo'", "IntervalStyle = 'iso_8601'",
                    "bytea_output = 'escape'", "extra_float_digits = -3"):  # fmt: skip
        pair.execute(f"ALTER DATABASE {pair.url.name} SET {setting}")
    assert pair.counts("typed") == (0, 0, 0, 0)


def test_new_rows_get_no_number_that_came_back(family: Couple) -> None:
    family.execute("TRUNCATE parent, child RESTART IDENTITY")
    family.put(family.plan({"parent": [Kind.REMOVED]}, "child"))
    family.execute("INSERT INTO child (parent, note) VALUES (2, 'new'); INSERT INTO parent (name) VALUES ('new')")
    assert family.execute("SELECT max(id) FROM child UNION ALL SELECT max(id) FROM parent") == [(4,), (3,)]


def test_a_sequence_that_is_ahead_is_let_be(pair: Couple) -> None:
    pair.execute("DELETE FROM grades; DELETE FROM students WHERE id = 50; SELECT setval('students_id_seq', 900)")
    pair.put(pair.plan(GONE))
    assert pair.execute("SELECT nextval('students_id_seq')") == [(901,)]


def test_rows_that_refer_to_each_other_in_a_circle_come_back(family: Couple) -> None:
    family.execute("UPDATE one SET other = NULL; DELETE FROM other; DELETE FROM one")
    assert len(family.put(family.plan({"one": [(1,)]}, "other"))) == 2
    assert family.execute("SELECT one.other, other.one FROM one, other") == [(1, 1)]


def test_the_parents_that_rows_need_come_along(family: Couple) -> None:
    family.execute("DELETE FROM child WHERE parent = 1; DELETE FROM parent WHERE id = 1")
    done = family.put(family.plan({"child": [(1,)]}))
    assert done == [PutBack("parent", 1, 0, 0), PutBack("child", 1, 0, 0)]
    assert family.execute("SELECT twice FROM child WHERE id = 1") == [("xx",)]


def test_softly_deleted_rows_are_told_apart_and_come_back(family: Couple) -> None:
    family.execute("UPDATE parent SET deleted_at = now() WHERE id = 1")
    assert family.counts("parent") == (0, 0, 0, 1)
    assert family.put(family.plan({"parent": [Kind.HIDDEN]})) == [PutBack("parent", 0, 1, 0)]
    assert family.counts("parent") == (0, 0, 0, 0)


def test_a_second_time_there_is_nothing_to_do(pair: Couple) -> None:
    pair.execute("DELETE FROM grades WHERE student <= 5; DELETE FROM students WHERE id <= 5")
    found = pair.plan(GONE)
    pair.put(found)
    assert pair.put(found) == [PutBack("students", 0, 0, 5)]
    assert pair.plan(GONE).tables == ()


def test_a_column_added_since_gets_its_default(family: Couple) -> None:
    family.execute("DELETE FROM child WHERE id = 1; ALTER TABLE child ADD COLUMN mood text NOT NULL DEFAULT 'fine'")
    family.put(family.plan({"child": [Kind.REMOVED]}))
    assert family.execute("SELECT note, mood FROM child WHERE id = 1") == [("x", "fine")]


def test_rows_without_a_key_are_counted_and_not_compared(pair: Couple) -> None:
    pair.execute("INSERT INTO notes VALUES ('x')")
    found = pair.difference("notes")
    assert (found.before, found.after, found.problem) == (0, 1, "Nothing tells the table's rows apart.")
    with pytest.raises(WrongUse, match="notes cannot be compared row by row"):
        pair.plan({"notes": [Kind.REMOVED]})


def test_names_that_differ_only_in_capitals_are_refused(pair: Couple) -> None:
    pair.execute('CREATE TABLE "Students" (id int)')
    with pytest.raises(OpsError, match="differ only in capitals"):
        pair.now()


def test_rows_that_refer_to_a_partitioned_table_come_back(pair: Couple) -> None:
    pair.execute("""
        CREATE TABLE term (id int, year int, PRIMARY KEY (id, year)) PARTITION BY LIST (year);
        CREATE TABLE term_25 PARTITION OF term FOR VALUES IN (25);
        CREATE TABLE term_26 PARTITION OF term FOR VALUES IN (26);
        CREATE TABLE test (id int PRIMARY KEY, term int, year int, FOREIGN KEY (term, year) REFERENCES term);
        INSERT INTO term VALUES (1, 25), (1, 26); INSERT INTO test VALUES (1, 1, 25), (2, 1, 26)
    """)
    pair.remember()
    pair.execute("DELETE FROM test; DELETE FROM term WHERE year = 26")
    with pytest.raises(OpsError, match="violates foreign key constraint"):
        pair.put(pair.plan({"test": [Kind.REMOVED]}))
    pair.put(pair.plan({"test": [Kind.REMOVED], "term_26": [Kind.REMOVED]}))
    assert pair.execute("SELECT count(*) FROM test JOIN term ON (term.id, term.year) = (test.term, test.year)") == [
        (2,)
    ]


def test_a_dump_is_restored_on_a_scratch_server_by_somebody_who_is_no_administrator(pair: Couple) -> None:
    pair.execute("CREATE EXTENSION dblink; CREATE EXTENSION hstore; CREATE TABLE h (id int PRIMARY KEY, h hstore);")
    pair.execute("INSERT INTO h VALUES (1, 'a=>1')")
    engine, server = PostgresEngine(pair.url), ScratchServer(pair.folder / "scratch")
    engine.snapshot(pair.folder / "dump")
    try:
        assert server.begin(pair.folder / "dump", "school") == engine.row_counts()
        with connect(server.url("school")) as connection:
            found = connection.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
            assert found.fetchall() == [("sms", False)]
        mirror.make(server.admin("school"), pair.then)
        assert pair.counts("h") == (0, 0, 0, 0)
    finally:
        server.end()
    assert (server.process(), server.home.exists()) == (None, False)


def test_a_server_that_somebody_left_is_replaced_at_the_same_address(pair: Couple) -> None:
    server = ScratchServer(pair.folder / "scratch")
    PostgresEngine(pair.url).snapshot(pair.folder / "dump")
    try:
        server.begin(pair.folder / "dump", "school")
        first, address = server.process(), server.url("school")
        server.begin(pair.folder / "dump", "school")
        assert first != server.process()
        assert (server.url("school"), Path(f"/proc/{first}/exe").exists()) == (address, False)
    finally:
        server.end()


@pytest.mark.parametrize(("encoding", "name"), [("SQL_ASCII", "'Zoë'"), ("LATIN1", "U&'Zo\\00eb'")])
def test_a_database_of_another_encoding_is_read_as_any_other(pair: Couple, encoding: str, name: str) -> None:
    pair.server.execute("postgres", f"CREATE DATABASE old_{encoding} ENCODING '{encoding}' TEMPLATE template0")
    other = Couple(pair.server, pair.server.url(f"old_{encoding.lower()}"), pair.folder)
    other.execute(f"CREATE TABLE students (id int PRIMARY KEY, name text); INSERT INTO students VALUES (1, {name})")
    other.remember()
    other.execute("DELETE FROM students")
    other.put(other.plan(GONE))
    assert other.counts("students") == (0, 0, 0, 0)
    assert sqlite3.connect(other.then).execute("SELECT name FROM students").fetchall() == [("Zoë",)]


def test_text_in_no_known_encoding_is_refused_in_one_sentence(pair: Couple) -> None:
    pair.server.execute("postgres", "CREATE DATABASE odd ENCODING 'SQL_ASCII' TEMPLATE template0")
    other = Couple(pair.server, pair.server.url("odd"), pair.folder)
    other.execute("CREATE TABLE t (a text); INSERT INTO t VALUES (convert_from('\\xff61', 'SQL_ASCII'))")
    with pytest.raises(OpsError, match="PostgreSQL says: invalid byte sequence for encoding"):
        other.remember()
