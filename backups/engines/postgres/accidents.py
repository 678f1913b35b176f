"""What goes wrong with a database in a drill: rows are deleted, a file is overwritten. Never for the live one."""

from __future__ import annotations

from pathlib import Path

from psycopg import sql

from backups.engines.postgres.connection import connect
from backups.engines.postgres.shapes import Shape, shapes
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

COMMA = sql.SQL(", ")
LARGEST = """
    SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    ORDER BY pg_relation_size(c.oid) DESC LIMIT 1
"""
TORN = 64 * 1024  # bytes


def delete_newest(url: DatabaseUrl, table: str, count: int) -> int:
    """Delete the rows of the highest keys and whatever refers to them; return how many of `table` that were."""
    with connect(url, autocommit=False) as connection:
        known = shapes(connection)
        shape = known.get(table)
        if shape is None or not shape.key:
            raise OpsError(f"There is no table {table} whose rows have an order.")
        key = COMMA.join(map(sql.Identifier, shape.key))
        order = COMMA.join(sql.SQL("{} DESC").format(sql.Identifier(name)) for name in shape.key)
        newest = sql.SQL("({}) IN (SELECT {} FROM {} ORDER BY {} LIMIT {})")
        condition = newest.format(key, key, shape.sql, order, sql.Literal(count))
        for statement in _of_children(known, shape, condition, (table,)):
            connection.execute(statement)
        return connection.execute(_deletion(shape, condition)).rowcount


def _of_children(
    known: dict[str, Shape], shape: Shape, condition: sql.Composable, path: tuple[str, ...]
) -> list[sql.Composed]:
    """Statements that delete what refers to rows of a condition, the farthest first."""
    found: list[sql.Composed] = []
    for child in known.values():
        for each in child.references:
            if each.parent != shape.name or child.name in path:
                continue
            of, to = (COMMA.join(map(sql.Identifier, names)) for names in (each.columns, each.targets))
            refers = sql.SQL("({}) IN (SELECT {} FROM {} WHERE {})").format(of, to, shape.sql, condition)
            found += [*_of_children(known, child, refers, (*path, child.name)), _deletion(child, refers)]
    return found


def _deletion(shape: Shape, condition: sql.Composable) -> sql.Composed:
    return sql.SQL("DELETE FROM {} WHERE {}").format(shape.sql, condition)


def largest_file(url: DatabaseUrl) -> str:
    """Where the largest table lies in its server's folder; everything is written there first."""
    with connect(url) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute(LARGEST.encode()).fetchone()
    if row is None:
        raise OpsError("The database has no tables.")
    return str(row[0])


def tear(file: Path) -> None:
    """Overwrite the middle of a file, as a dying disk would."""
    half = file.stat().st_size // 2
    with file.open("r+b") as handle:
        handle.seek(half)
        handle.write(b"\xa5" * min(TORN, half))
