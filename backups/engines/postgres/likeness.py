"""A new, empty database like another one: owner, encoding, collation, settings and rights are kept by no dump."""

from __future__ import annotations

from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from backups.engines.postgres.connection import Connection


def is_superuser(connection: Connection) -> bool:
    """Whether the connection's user may do anything."""
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def create(connection: Connection, name: str, model: str, template: str = "template0") -> None:
    """Make the database `name`, with what is in `template`; where there is no `model`, with the server's defaults."""
    found = _about(connection, model)
    options: list[sql.Composable] = [sql.SQL("TEMPLATE {}").format(sql.Identifier(template))]
    if found is not None:
        options += [
            sql.SQL("{} {}").format(sql.SQL(word), value)
            for word, value in (
                ("OWNER", sql.Identifier(found["owner"])),
                ("ENCODING", sql.Literal(found["encoding"])),
                ("LC_COLLATE", sql.Literal(found["datcollate"])),
                ("LC_CTYPE", sql.Literal(found["datctype"])),
                ("CONNECTION LIMIT", sql.Literal(found["datconnlimit"])),
            )
        ]
        options += _provider(found)
        if found["tablespace"] != "pg_default":  # to name the default one takes an administrator
            options.append(sql.SQL("TABLESPACE {}").format(sql.Identifier(found["tablespace"])))
    connection.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), sql.SQL(" ").join(options)))
    if found is not None:
        _settings(connection, name, found["oid"])
        _rights(connection, name, found["oid"])


def _about(connection: Connection, model: str) -> dict[str, Any] | None:
    query = """
        SELECT d.*, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, t.spcname AS tablespace
        FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE datname = %s
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, [model]).fetchone()


def _provider(found: dict[str, Any]) -> list[sql.Composable]:
    """The collation's provider, where the server knows others than libc (15 and later)."""
    if found.get("datlocprovider") != "i":
        return []
    locale = found.get("daticulocale") or found.get("datlocale")
    return [sql.SQL("LOCALE_PROVIDER icu ICU_LOCALE {}").format(sql.Literal(locale))]


def _settings(connection: Connection, name: str, model: int) -> None:
    """What `ALTER DATABASE … SET` said of the other one, for all roles."""
    query = "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = %s AND setrole = 0"
    for (line,) in connection.execute(query, [model]).fetchall():
        setting, _, value = str(line).partition("=")
        change = sql.SQL("ALTER DATABASE {} SET {} = {}")
        # A list (search_path) is stored as it would be written.
        written = sql.SQL(value) if setting in ("search_path", "DateStyle") else sql.Literal(value)
        connection.execute(change.format(sql.Identifier(name), sql.Identifier(setting), written))


def _rights(connection: Connection, name: str, model: int) -> None:
    """Who may connect to it; nothing where that was never changed."""
    query = """
        SELECT CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END, privilege_type
        FROM pg_database, aclexplode(datacl) WHERE oid = %s
    """
    rights = connection.execute(query, [model]).fetchall()
    if not rights:
        return
    database = sql.Identifier(name)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    for role, right in rights:
        to = sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
        connection.execute(sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(right), database, to))
