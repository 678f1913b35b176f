"""Connections to the server, with its errors as sentences."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from backups.engines.postgres.complaints import explain
from smsops.environments.database_url import DatabaseUrl

Connection = psycopg.Connection[TupleRow]
MAINTENANCE = ("postgres", "template1")
CONNECT_SECONDS = 10
LOCK_WAIT = "30s"  # a migration under way holds its tables
ALIVE: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20000,
}


@contextlib.contextmanager
def connect(url: DatabaseUrl, *, autocommit: bool = True) -> Iterator[Connection]:
    """Open a connection; whatever the server refuses, then or later, comes out as OpsError."""
    values: dict[str, Any] = {"dbname": url.name, "sslmode": url.ssl_mode, "connect_timeout": CONNECT_SECONDS}
    try:
        with psycopg.connect(
            host=url.host,
            port=url.port,
            user=url.user,
            password=url.password,
            application_name="smsops",
            options=f"-c lock_timeout={LOCK_WAIT}",
            autocommit=autocommit,
            **ALIVE,
            **values,
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise explain(str(error), url, "PostgreSQL") from None  # its cause may quote the address


@contextlib.contextmanager
def maintenance(url: DatabaseUrl) -> Iterator[Connection]:
    """A connection to the same server that uses none of SMS's databases: they can be renamed and dropped from it."""
    name = MAINTENANCE[0] if url.name != MAINTENANCE[0] else MAINTENANCE[1]
    with connect(url.called(name)) as connection:
        yield connection


def major(connection: Connection) -> int:
    """The server's major version."""
    return connection.info.server_version // 10000


def tables(connection: Connection) -> dict[str, sql.Identifier]:
    """The tables a dump has rows of, by the name they are known by: those of `public` without it."""
    query = """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (
            SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
        )
    """
    return {known(schema, table): sql.Identifier(schema, table) for schema, table in connection.execute(query)}


def known(schema: str, table: str) -> str:
    """The name a table is known by."""
    return table if schema == "public" else f"{schema}.{table}"


def row_counts(connection: Connection) -> dict[str, int]:
    """Rows per table, as this transaction sees them."""
    connection.execute("SET row_security = off")  # rather an error than fewer rows
    count = sql.SQL("SELECT count(*) FROM ONLY {}")
    found = {
        name: connection.execute(count.format(table)).fetchone() for name, table in sorted(tables(connection).items())
    }
    return {name: row[0] for name, row in found.items() if row is not None}


def revision(connection: Connection) -> str:
    """The schema revision Alembic noted, several heads joined by commas; empty when there is none."""
    here = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
    if here is None or here[0] is None:
        return ""
    rows = connection.execute("SELECT version_num FROM public.alembic_version")
    return ",".join(sorted(row[0] for row in rows))
