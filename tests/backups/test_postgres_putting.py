"""Rows go back into a PostgreSQL database that is in use: all of them or none, and never over what others did since."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from backups.engines.postgres import putting
from backups.engines.rows import Kind
from smsops.errors import OpsError, WrongUse
from tests.backups.couples import abouts
from tests.backups.pg_couples import GONE, Couple
from tests.places import wait_for

pytestmark = pytest.mark.postgres


def test_a_unique_value_that_somebody_has_now_is_a_conflict(family: Couple) -> None:
    family.execute("DELETE FROM child WHERE parent = 1; DELETE FROM parent WHERE id = 1")
    family.execute("UPDATE parent SET name = 'a' WHERE id = 2")
    found = family.plan({"parent": [Kind.REMOVED]})
    assert abouts(found) == [("parent", (1,), "taken")]
    with pytest.raises(WrongUse, match="its name belongs to row 2 now"):
        family.put(found)


def test_what_is_taken_after_the_plan_stops_everything_without_quoting_a_row(family: Couple) -> None:
    family.execute("DELETE FROM child; DELETE FROM parent WHERE id = 1")
    found = family.plan({"child": [Kind.REMOVED]})
    family.execute("INSERT INTO parent (name) VALUES ('a')")
    with pytest.raises(OpsError, match="duplicate key value violates unique constraint") as refusal:
        family.put(found)
    assert "(a)" not in str(refusal.value)
    assert family.execute("SELECT count(*) FROM child") == [(0,)]


def test_a_row_changed_since_the_plan_stops_everything(pair: Couple) -> None:
    pair.execute("DELETE FROM grades WHERE id = 1; UPDATE students SET name = 'x' WHERE id = 7")
    found = pair.plan({"grades": [Kind.REMOVED], "students": [Kind.CHANGED]})
    pair.execute("UPDATE students SET name = 'y' WHERE id = 7")
    with pytest.raises(OpsError, match="row 7 of students was changed since the plan"):
        pair.put(found)
    assert pair.execute("SELECT count(*) FROM grades") == [(49,)]


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("DELETE FROM grades WHERE id = 9; DELETE FROM students WHERE id = 9", "1 row of students was deleted"),
        ("ALTER TABLE students ADD COLUMN age int", "the columns of students changed"),
    ],
)
def test_a_database_that_is_not_as_planned_for_is_left_alone(pair: Couple, since: str, said: str) -> None:
    pair.execute("UPDATE students SET name = 'x' WHERE id = 9")
    found = pair.plan({"students": [Kind.CHANGED]})
    pair.execute(since)
    with pytest.raises(OpsError, match=said):
        pair.put(found)


def test_a_trigger_is_told_and_one_that_has_its_own_ideas_stops_everything(pair: Couple) -> None:
    pair.execute("""
        DELETE FROM grades WHERE id = 1;
        CREATE FUNCTION worse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.mark = 1; RETURN NEW; END';
        CREATE TRIGGER worse BEFORE INSERT ON grades FOR EACH ROW EXECUTE FUNCTION worse()
    """)
    found = pair.plan({"grades": [Kind.REMOVED]})
    assert [each.text for each in found.conflicts] == [
        "The trigger worse of grades runs for every row put back, and may write elsewhere."
    ]
    with pytest.raises(OpsError, match="1 row of grades did not keep their old values"):
        pair.put(found)


@contextlib.contextmanager
def writing(pair: Couple) -> Iterator[list[int]]:
    """Somebody who adds students and changes one all the time; the numbers of those added."""
    ended, added = threading.Event(), [0]

    def work() -> None:
        with pair.server.connect(pair.url.name) as connection:
            while not ended.is_set():
                with connection.transaction():
                    row = connection.execute("INSERT INTO students (name) VALUES ('new') RETURNING id").fetchone()
                    connection.execute("UPDATE students SET name = name || '.' WHERE id = 50")
                added.append(int(row[0]) if row else 0)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        wait_for(lambda: len(added) > 5, "the writer")
        yield added
    finally:
        ended.set()
        writer.join()


def test_rows_come_back_while_others_write(pair: Couple) -> None:
    pair.execute("DELETE FROM grades WHERE student <= 20; DELETE FROM students WHERE id <= 20")
    with writing(pair) as added:
        pair.put(pair.plan(GONE, "grades"))
        seen = len(added)
        wait_for(lambda: len(added) > seen + 5, "the writer to go on")
    assert pair.counts("students")[1] == 0
    assert pair.execute("SELECT count(*) FROM students") == [(50 + len(added) - 1,)]


def test_whoever_writes_other_rows_does_not_wait(pair: Couple) -> None:
    pair.execute("DELETE FROM grades WHERE student <= 20; DELETE FROM students WHERE id <= 20")
    pair.execute("UPDATE students SET name = 'x' WHERE id = 30")

    def write() -> None:
        pair.execute("SET lock_timeout = '1s'; UPDATE students SET name = 'later' WHERE id = 31")

    pair.put(pair.plan({"students": [Kind.REMOVED, Kind.CHANGED]}), write)
    assert pair.execute("SELECT name FROM students WHERE id IN (30, 31) ORDER BY id") == [("Student 30",), ("later",)]


def test_a_trigger_that_refuses_stops_everything_in_its_own_words(pair: Couple) -> None:
    pair.execute("""
        DELETE FROM grades WHERE id = 1;
        CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''the term is over''; END';
        CREATE TRIGGER never BEFORE INSERT ON grades FOR EACH ROW EXECUTE FUNCTION never()
    """)
    with pytest.raises(OpsError, match="Nothing was put back: PostgreSQL says the term is over"):
        pair.put(pair.plan({"grades": [Kind.REMOVED]}))


def test_a_row_that_was_looked_at_stays_as_it_is_until_the_end(pair: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.execute("UPDATE students SET name = 'x' WHERE id = 7")
    found, write, refusals = pair.plan({"students": [Kind.CHANGED]}), putting._write, []

    def meanwhile(*args: Any) -> Any:
        with pytest.raises(psycopg.errors.LockNotAvailable) as refusal:
            pair.execute("SET lock_timeout = '100ms'; UPDATE students SET name = 'y' WHERE id = 7")
        refusals.append(refusal)
        return write(*args)

    monkeypatch.setattr(putting, "_write", meanwhile)
    pair.put(found)
    assert (len(refusals), pair.counts("students")) == (1, (0, 0, 0, 0))


def test_killed_right_before_the_commit_nothing_is_back(pair: Couple) -> None:
    pair.execute("DELETE FROM grades WHERE student <= 20; DELETE FROM students WHERE id <= 20")
    found = pair.plan(GONE, "grades")
    work = multiprocessing.get_context("fork").Process(target=pair.put, args=(found, _die))
    work.start()
    work.join()
    assert work.exitcode == -signal.SIGKILL
    assert (pair.counts("students")[1], pair.counts("grades")[1]) == (20, 20)
    pair.put(found)
    assert (pair.counts("students")[1], pair.counts("grades")[1]) == (0, 0)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_guard_that_refuses_leaves_everything_as_it_was(pair: Couple) -> None:
    pair.execute("DELETE FROM grades")

    def refuse() -> None:
        raise OpsError("Another worker took over.")

    with pytest.raises(OpsError, match="took over"):
        pair.put(pair.plan({"grades": [Kind.REMOVED]}), refuse)
    assert pair.execute("SELECT count(*) FROM grades") == [(0,)]


def test_a_row_somebody_holds_is_waited_for_and_then_given_up_in_one_sentence(
    pair: Couple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.engines.postgres.connection.LOCK_WAIT", "200ms")
    pair.execute("UPDATE students SET name = 'x' WHERE id = 7")
    found = pair.plan({"students": [Kind.CHANGED]})
    with pair.server.connect(pair.url.name) as other, other.transaction():
        other.execute("SELECT FROM students WHERE id = 7 FOR UPDATE")
        with pytest.raises(OpsError, match="stayed locked by another session") as refusal:
            pair.put(found)
    assert refusal.value.transient
