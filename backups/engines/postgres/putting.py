"""Putting planned rows back into a live PostgreSQL database, while SMS runs: one transaction, all of it or nothing.

The values come from the backup's mirror as the server once wrote them down, and the server reads them back. Everything
is written by one statement, at whose end the server looks at the references: in which order tables refer to each other
does not matter, nor whether they do so in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from backups.engines.plans import RecoveryPlan, TablePlan
from backups.engines.postgres.connection import Connection, connect
from backups.engines.postgres.mirror import ONE_SPELLING
from backups.engines.postgres.picked import COMMA, PickedTable, lay_ready
from backups.engines.postgres.shapes import Shape, shapes
from backups.engines.putting import PutBack, refuse_blocked, refused
from backups.engines.recovery import digest
from backups.engines.rows import Value
from backups.engines.sqlite import connect as open_file
from smsops.environments.database_url import DatabaseUrl
from smsops.text import count_text


def put_back(plan: RecoveryPlan, then: Path, url: DatabaseUrl, guard: Callable[[], None]) -> list[PutBack]:
    """Give the planned rows the values they have in the mirror `then`, and nothing else.

    Promises and refuses what the same does for SQLite (`backups.engines.putting`). Rows that are overwritten are locked
    until the commit; whoever writes other rows does not wait. Sequences are moved on where a row has a later number.
    """
    refuse_blocked(plan)
    with connect(url, autocommit=False) as connection, open_file(then, quiet=True) as backup:
        connection.execute(ONE_SPELLING.encode())
        try:
            found = shapes(connection)
            works = [PickedTable(each, _shape(found, each), number) for number, each in enumerate(plan.tables)]
            for work in works:
                lay_ready(connection, work, backup)
            done = _write_checked(connection, works)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit shall fail before it
        except (psycopg.IntegrityError, psycopg.DataError, psycopg.errors.RaiseException) as error:
            # only the first line: the others quote rows
            raise refused(f"PostgreSQL says {error.diag.message_primary}") from None
        guard()
    return done


def _shape(found: dict[str, Shape], plan: TablePlan) -> Shape:
    """The live table, whose shape must be the planned one."""
    shape = found.get(plan.table)
    if shape is None or shape.key != plan.key or {*shape.names} != {*plan.columns, *plan.new}:
        raise refused(f"the columns of {plan.table} changed since the plan")
    return shape


def _write_checked(connection: Connection, works: list[PickedTable]) -> list[PutBack]:
    already = [_check_unchanged(connection, work) for work in works]
    written = _write(connection, works)
    done = []
    for work, standing, (updated, inserted) in zip(works, already, written, strict=True):
        if standing + updated + inserted != len(work.plan.rows):
            wanted = count_text(len(work.plan.rows), "row")
            raise refused(f"a trigger did not let the {wanted} of {work.plan.table} through")
        _check_written(connection, work)
        _move_sequences_on(connection, work)
        done.append(PutBack(work.plan.table, inserted, updated, standing))
    return done


def _check_unchanged(connection: Connection, work: PickedTable) -> int:
    """Every row must be as it was planned for, or already as it shall be; return how many are. From here on they stay
    as they are."""
    already = 0
    for same, was, values in _standing(connection, work):
        if same:
            already += 1
        elif not was or digest(values) != was:
            said = ", ".join(str(values[work.shape.names.index(name)]) for name in work.plan.key)
            raise refused(f"row {said} of {work.plan.table} was changed since the plan")
    query = """SELECT count(*) FROM {picked} p WHERE p.was <> ''
        AND NOT EXISTS (SELECT FROM ONLY {live} n WHERE {match})"""
    if gone := _number(connection, work.format(query)):
        table = work.plan.table
        raise refused(f"{count_text(gone, f'row of {table} was', f'rows of {table} were')} deleted since the plan")
    return already


def _standing(connection: Connection, work: PickedTable) -> Iterator[tuple[bool, str, tuple[Value, ...]]]:
    """The planned rows that are there now, locked: as wanted? planned as, values now as the mirror has them."""
    values = COMMA.join(sql.Identifier("n", name) for name in work.shape.names)
    order = COMMA.join(work.pairs[name][0] for name in work.plan.key)
    head = sql.SQL("SELECT {}, p.was, {} ").format(work.same, values)
    tail = sql.SQL(" ORDER BY {} FOR UPDATE OF n").format(order)  # always in one order: no two runs wait for each other
    query = head + work.format("FROM {picked} p JOIN ONLY {live} n ON {match}") + tail
    found = connection.execute(query).pgresult
    if found is None:
        return
    encoding, whole = connection.info.encoding, [name in work.shape.whole for name in work.shape.names]
    for row in range(found.ntuples):
        texts = [None if (each := found.get_value(row, at)) is None else each.decode(encoding)
                 for at in range(found.nfields)]  # fmt: skip
        now = (int(text) if text and number else text for text, number in zip(texts[2:], whole, strict=True))
        yield texts[0] == "t", texts[1] or "", tuple(now)


def _write(connection: Connection, works: list[PickedTable]) -> list[tuple[int, int]]:
    """Write everything by one statement; return what was updated and inserted, table by table."""
    if not works:
        return []
    parts, counts = [], []
    for work in works:
        for name, statement in (("u", _update(work)), ("i", _insert(work))):
            part = sql.Identifier(f"{name}{work.number}")
            parts.append(sql.SQL("{} AS ({} RETURNING 1)").format(part, statement))
            counts.append(sql.SQL("(SELECT count(*) FROM {})").format(part))
    row = connection.execute(sql.SQL("WITH {} SELECT {}").format(COMMA.join(parts), COMMA.join(counts))).fetchone()
    found = [int(each) for each in row or ()]
    return list(zip(found[::2], found[1::2], strict=True))


def _update(work: PickedTable) -> sql.Composed:
    kept = {*work.plan.key, *(column.name for column in work.shape.columns if column.fixed)}
    changes = [(name, pair[1]) for name, pair in work.pairs.items() if name not in kept]
    # a table that is all key has nothing that could have changed
    changes = changes or [(work.plan.key[0], work.pairs[work.plan.key[0]][0])]
    listed = COMMA.join(sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in changes)
    head = sql.SQL("UPDATE ONLY {} AS n SET {} ").format(work.shape.sql, listed)
    return head + work.format("FROM {picked} p WHERE {match} AND NOT {same}")


def _insert(work: PickedTable) -> sql.Composed:
    names = COMMA.join(map(sql.Identifier, work.plan.columns))
    values = COMMA.join(pair[1] for pair in work.pairs.values())
    head = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} ").format(work.shape.sql, names, values)
    return head + work.format("FROM {picked} p WHERE NOT EXISTS (SELECT FROM ONLY {live} n WHERE {match})")


def _check_written(connection: Connection, work: PickedTable) -> None:
    """A trigger may have had its own ideas; a column may hold another type now."""
    query = """SELECT count(*) FROM {picked} p WHERE NOT EXISTS (
        SELECT FROM ONLY {live} n WHERE {match} AND {same})"""
    if wrong := _number(connection, work.format(query)):
        raise refused(f"{count_text(wrong, 'row')} of {work.plan.table} did not keep their old values")


def _move_sequences_on(connection: Connection, work: PickedTable) -> None:
    """Let no new row get the number of one that came back. It stays so whatever becomes of the transaction."""
    for column in work.shape.columns:
        if column.sequence is None or column.name not in work.pairs:
            continue
        query = sql.SQL("""
            SELECT setval({name}::regclass, m.highest) FROM (SELECT max({number}) AS highest FROM {picked} p) m,
            {sequence} s, pg_sequence q WHERE q.seqrelid = {name}::regclass AND q.seqincrement > 0
            AND (m.highest > s.last_value OR (m.highest = s.last_value AND NOT s.is_called))
        """).format(
            name=sql.Literal(column.sequence),
            number=work.pairs[column.name][1],
            picked=work.picked,
            sequence=sql.SQL(column.sequence),
        )
        connection.execute(query)


def _number(connection: Connection, query: sql.Composed) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
