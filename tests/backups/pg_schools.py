"""The demo school on a PostgreSQL server, and an SMS that really works on it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from psycopg import sql

from smsops.environments.database_url import DatabaseUrl
from smsops.models import DatabaseEngine
from tests.backups.clusters import PASSWORD, Cluster
from tests.places import Place
from tests.runtimes.acts import GOOD, launch

TEMPLATE = "school_template"


def address(url: DatabaseUrl) -> str:
    return f"postgresql://{url.user}:{quote(PASSWORD, safe='')}@{url.server}/{url.name}?sslmode=disable"


def make_template(server: Cluster, release: Path, school: Path) -> None:
    """The school with the schema of the release and the rows of the SQLite file, for databases to be made from."""
    server.execute("postgres", f"CREATE DATABASE {TEMPLATE}")
    env = {**os.environ, "DATABASE_URL": address(server.url(TEMPLATE))}
    words = [sys.executable, "backend/run_migrations.py"]
    subprocess.run(words, cwd=release, env=env, check=True, capture_output=True)
    with contextlib.closing(sqlite3.connect(school)) as file, server.connect(TEMPLATE) as connection:
        connection.execute("SET session_replication_role = replica")
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version')"
        for (table,) in file.execute(names).fetchall():
            rows = file.execute(f"SELECT * FROM {table}")
            listed = sql.SQL(", ").join(sql.Identifier(column[0]) for column in rows.description)
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), listed)
            with connection.cursor() as cursor, cursor.copy(into) as copy:
                for row in rows:
                    copy.write_row([None if value is None else str(value) for value in row])
            connection.execute(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}".encode())


def new_school(server: Cluster) -> DatabaseUrl:
    """A school of 200 students in a database of its own."""
    url = server.url(f"sms_{uuid.uuid4().hex[:8]}")
    server.execute("postgres", f"CREATE DATABASE {url.name} TEMPLATE {TEMPLATE}")
    return url


def move_in(place: Place, url: DatabaseUrl, version: str = GOOD, host: str = "") -> Place:
    """SMS serves from that database, which it may know by another `host`, and its environment says so."""
    place.add_env(DATABASE_URL=address(replace(url, host=host or url.host)), DATABASE_ENGINE="postgresql")
    environment = place.environment
    environment.database_engine, environment.database_url = DatabaseEngine.POSTGRESQL, address(url)
    environment.gate_seconds = 60
    environment.full_clean()
    environment.save()
    launch(place, version)
    return place
