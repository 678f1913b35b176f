"""How the tables of two databases of one server differ, row by row, and whether their schemas do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from backups.engines.base import TableChange
from backups.engines.postgres.connection import Connection, connect, tables
from smsops.environments.database_url import DatabaseUrl

SCHEMA = (
    """SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default, character_maximum_length
    FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
)


@dataclass(frozen=True)
class Row:
    """One row: its key, a digest of the compared columns, and for each of them whether it is empty."""

    key: str
    digest: str
    empty: str


def same_schema(before: DatabaseUrl, after: DatabaseUrl) -> bool:
    """Whether both have the same columns, constraints and indexes."""
    return _schema(before) == _schema(after)


def _schema(url: DatabaseUrl) -> list[list[str]]:
    with connect(url) as connection:
        return [sorted(map(str, connection.execute(query.encode()).fetchall())) for query in SCHEMA]


def compare(before: DatabaseUrl, after: DatabaseUrl, names: list[str]) -> list[TableChange]:
    """How these tables differ; one that is gone has lost all its rows, one that was not there before is left out."""
    with connect(before, autocommit=False) as earlier, connect(after, autocommit=False) as later:
        here, there = tables(earlier), tables(later)
        return [_compare(earlier, later, name, here[name], name in there) for name in names if name in here]


def _compare(
    earlier: Connection, later: Connection, name: str, table: sql.Identifier, still_there: bool
) -> TableChange:
    if not still_there:
        row = earlier.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
        gone = int(row[0]) if row else 0
        return TableChange(name, gone, 0, gone, 0, 0)
    known = _columns(later, table)
    shared = [column for column in _columns(earlier, table) if column in known]
    whole = _whole(earlier, table, shared)
    if whole == _whole(later, table, shared):  # the usual case, which the server tells without sending a row
        return TableChange(name, whole[0], whole[0], 0, 0, 0)
    before = after = removed = changed = blanked = 0
    for old, new in _pairs(_rows(earlier, table, shared), _rows(later, table, shared)):
        before, after = before + (old is not None), after + (new is not None)
        if old is None:
            continue
        if new is None:
            removed += 1
        elif old.digest != new.digest:
            changed += 1
            blanked += any(was == "0" and now == "1" for was, now in zip(old.empty, new.empty, strict=True))
    return TableChange(name, before, after, removed, changed, blanked)


def _whole(connection: Connection, table: sql.Identifier, columns: list[str]) -> tuple[int, str]:
    """How many rows there are, and the sum of their digests, in which their order does not matter."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(ROW({})::text, 0)::numeric), 0)::text FROM {}")
    row = connection.execute(query.format(listed, table)).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def _columns(connection: Connection, table: sql.Identifier) -> list[str]:
    query = """
        SELECT attname FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
    """
    return [row[0] for row in connection.execute(query, [table.as_string(connection)])]


def _rows(connection: Connection, table: sql.Identifier, columns: list[str]) -> Iterator[Row]:
    """The rows in the order of their keys: `id`, or the whole row where there is none."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    digest = sql.SQL("md5(ROW({})::text)").format(listed)
    key = sql.SQL("id::text") if "id" in columns else digest
    one = sql.SQL("CASE WHEN coalesce({}::text, '') = '' THEN '1' ELSE '0' END")
    empty = sql.SQL(", ").join(one.format(sql.Identifier(column)) for column in columns)
    query = sql.SQL('SELECT {} COLLATE "C" AS key, {}, concat({}) FROM {} ORDER BY 1')
    with connection.cursor(name="rows") as cursor:
        cursor.itersize = 5000
        cursor.execute(query.format(key, digest, empty, table))
        yield from (Row(*row) for row in cursor)


def _pairs(old: Iterator[Row], new: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of the same key side by side; None where one side has none."""
    left, right = next(old, None), next(new, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.key.encode() < right.key.encode()):
            yield left, None
            left = next(old, None)
        elif left is None or right.key.encode() < left.key.encode():
            yield None, right
            right = next(new, None)
        else:
            yield left, right
            left, right = next(old, None), next(new, None)
