"""Putting planned rows back into the live database, while SMS runs: one transaction, all of it or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backups.engines.identifiers import quoted
from backups.engines.picks import create, pick_name
from backups.engines.plans import RecoveryPlan, TablePlan
from backups.engines.recovery import digest
from backups.engines.rows import both, comparable
from backups.engines.tables import Pair, foreign_keys, tables
from smsops.errors import OpsError, WrongUse
from smsops.text import count_text

AGAIN = "Look at the differences again and plan anew."


@dataclass(frozen=True)
class PutBack:
    """What happened in one table; `already` rows were as planned before."""

    table: str
    inserted: int
    updated: int
    already: int


@dataclass(frozen=True)
class _Work:
    """One table of the plan with its keys in the temporary table `keys`."""

    plan: TablePlan
    pair: Pair
    keys: str

    @property
    def source(self) -> str:
        return f"{self.keys} p CROSS JOIN {self.pair.then.sql} t ON {self.pair.match('t', 'p')}"

    @property
    def compared(self) -> str:
        return f"{self.source} LEFT JOIN {self.pair.now.sql} n ON {self.pair.match('n', 't')}"


def put_back(plan: RecoveryPlan, then: Path, live: Path, guard: Callable[[], None]) -> list[PutBack]:
    """Give the planned rows their old values, and nothing else; return what was done, table by table.

    `guard` is called right before the commit and may raise. Rows that are back already are let be, so that a second
    time changes nothing. Raises WrongUse when the plan has blocking conflicts, OpsError (nothing was changed) when
    the database is not as it was planned for, when a constraint or a reference would break, or, transient, when it
    stays locked for BUSY_SECONDS. Writers wait from the first row to the commit.
    """
    refuse_blocked(plan)
    with both(then, live) as connection:
        works = [_prepare(connection, table, number) for number, table in enumerate(plan.tables)]
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = _write_checked(connection, works)
            guard()
            connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            raise OpsError(f"Nothing was put back: SQLite says {error}.", fix=AGAIN) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    return done


def refuse_blocked(plan: RecoveryPlan) -> None:
    """Raise WrongUse when something stands against the plan."""
    if plan.blocking:
        more = f" ({len(plan.blocking)} in all)" if len(plan.blocking) > 1 else ""
        raise WrongUse(f"Nothing was put back: {plan.blocking[0].text}{more}", fix="Leave these rows out.")


def _prepare(connection: sqlite3.Connection, plan: TablePlan, number: int) -> _Work:
    """Lay the keys ready before anybody has to wait for us."""
    work = _Work(plan, _pair(connection, plan), pick_name(number))
    create(connection, work.keys, work.pair, "was")
    marks = ", ".join("?" * (len(plan.key) + 1))
    connection.execute("BEGIN")
    rows = ((*row.key, row.was) for row in plan.rows)
    connection.executemany(f"INSERT INTO {work.keys} VALUES ({marks})", rows)  # noqa: S608
    connection.execute("COMMIT")
    return work


def _pair(connection: sqlite3.Connection, plan: TablePlan) -> Pair:
    """The table, whose shape must be the planned one."""
    pair = comparable(connection, plan.table)
    if (pair.key, pair.shared, pair.gone, pair.new) != (plan.key, plan.columns, plan.gone, plan.new):
        raise refused(f"the columns of {plan.table} changed since the plan")
    return pair


def _write_checked(connection: sqlite3.Connection, works: list[_Work]) -> list[PutBack]:
    for work in works:  # nobody else writes now: what is seen here stays
        if _pair(connection, work.plan) != work.pair:
            raise refused(f"the schema of {work.plan.table} changed since the plan")
    referring = _referring(connection, works)
    _note_broken(connection, referring, "before")
    done = [_write(connection, work) for work in works]
    for work in works:
        _check_written(connection, work)
    _note_broken(connection, referring, "after")
    _check_references(connection)
    return done


def _write(connection: sqlite3.Connection, work: _Work) -> PutBack:
    already = _check_unchanged(connection, work)
    updated = connection.execute(_update(work)).rowcount
    inserted = connection.execute(_insert(work)).rowcount
    if already + updated + inserted != len(work.plan.rows):
        wanted = count_text(len(work.plan.rows), "row")
        raise refused(f"the backup or a trigger did not give the {wanted} of {work.plan.table}")
    return PutBack(work.plan.table, inserted, updated, already)


def _check_unchanged(connection: sqlite3.Connection, work: _Work) -> int:
    """Every row must be as it was planned for, or already as it shall be; return how many are."""
    already = 0
    for same, was, missing, key, values in _standing(connection, work):
        if same:
            already += 1
        elif missing or not was or digest(values) != was:
            said = ", ".join(str(each) for each in key)
            raise refused(f"row {said} of {work.plan.table} was changed since the plan")
    return already


def _standing(
    connection: sqlite3.Connection, work: _Work
) -> Iterator[tuple[bool, str, bool, tuple[object, ...], tuple[int | float | str | bytes | None, ...]]]:
    """The planned rows, but those that are missing as planned: as wanted? planned as, missing?, key, values now."""
    pair, width = work.pair, len(work.pair.key)
    keys, values = ", ".join(pair.keys("t")), ", ".join(f"n.{quoted(column)}" for column in pair.now.columns)
    missing = pair.missing("n")
    query = f"""SELECT NOT ({missing}) AND NOT {pair.differs}, p.was, {missing}, {keys}, {values}
        FROM {work.compared} WHERE NOT (p.was = '' AND {missing})"""  # noqa: S608
    for same, was, gone, *rest in connection.execute(query):
        yield bool(same), was, bool(gone), tuple(rest[:width]), tuple(rest[width:])


def _update(work: _Work) -> str:
    pair = work.pair
    values = ", ".join(f"{quoted(column)} = t.{quoted(column)}" for column in pair.shared)
    return f"""UPDATE {pair.now.sql} AS n SET {values} FROM {work.source}
        WHERE {pair.match("n", "p")} AND {pair.differs}"""  # noqa: S608


def _insert(work: _Work) -> str:
    pair = work.pair
    columns = [quoted(column) for column in pair.shared]
    values = [f"t.{column}" for column in columns]
    if pair.by_rowid:
        columns, values = [*pair.key, *columns], [*pair.keys("t"), *values]
    return f"""INSERT INTO {pair.now.sql} ({", ".join(columns)}) SELECT {", ".join(values)}
        FROM {work.compared} WHERE {pair.missing("n")}"""  # noqa: S608


def _check_written(connection: sqlite3.Connection, work: _Work) -> None:
    """A trigger may have had its own ideas; a column may hold another type now."""
    pair = work.pair
    query = f"SELECT count(*) FROM {work.compared} WHERE {pair.missing('n')} OR {pair.differs}"  # noqa: S608
    if wrong := connection.execute(query).fetchone()[0]:
        raise refused(f"{count_text(wrong, 'row')} of {work.plan.table} did not keep their old values")


def _referring(connection: sqlite3.Connection, works: list[_Work]) -> list[str]:
    """The tables whose references can break: those written, and those that refer to them."""
    written = {work.plan.table.lower() for work in works}
    live = tables(connection, "main")
    edges = [each for each in foreign_keys(connection, live) if {each.child, each.parent} & written]
    return sorted({live[edge.child].name for edge in edges})


def _note_broken(connection: sqlite3.Connection, names: list[str], when: str) -> None:
    connection.execute(f"CREATE TABLE temp.broken_{when} (child, row, parent, reference)")
    for name in names:
        query = f"INSERT INTO temp.broken_{when} SELECT * FROM pragma_foreign_key_check(?, 'main')"  # noqa: S608
        connection.execute(query, (name,))


def _check_references(connection: sqlite3.Connection) -> None:
    """No row may refer to nothing that did not before; counted, as rows without a number look alike."""
    sides = [f"SELECT *, count(*) AS many FROM temp.broken_{when} GROUP BY 1, 2, 3, 4" for when in ("after", "before")]  # noqa: S608
    query = f"""SELECT a.child, a.parent, sum(a.many) FROM ({sides[0]}) a LEFT JOIN ({sides[1]}) b ON
        a.child = b.child AND a.row IS b.row AND a.parent = b.parent AND a.reference = b.reference
        WHERE a.many > coalesce(b.many, 0) GROUP BY 1, 2"""  # noqa: S608
    for child, parent, count in connection.execute(query):
        raise refused(f"{count_text(count, 'row')} of {child} would refer to rows of {parent} that are not here")


def refused(why: str) -> OpsError:
    """Why a plan cannot be carried out."""
    return OpsError(f"Nothing was put back: {why}.", fix=AGAIN)
