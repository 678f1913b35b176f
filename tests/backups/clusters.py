"""Real PostgreSQL servers for the tests, with databases of a small school in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from smsops.environments.database_url import DatabaseUrl
from tests.machine.parts import find
from tests.places import free_port, wait_for

USER, PASSWORD = "smsops", "cAn4ry-of/pg@x"
REVISION = "a7c31e09d452"


def owner() -> str | None:
    """Whom the server runs as: it refuses to be root."""
    return "postgres" if os.geteuid() == 0 else None


@dataclass
class Cluster:
    """A server of our own on a free port; whoever connects needs the password."""

    folder: Path
    port: int
    made: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return Path(find("postgres") or "postgres").resolve().parent

    def begin(self, *settings: str) -> None:
        if (who := owner()) is not None:
            shutil.chown(self.folder, who, who)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        argv = [str(self.home / "initdb"), "-D", str(self.folder / "data"), "-U", USER, f"--pwfile={secret}", "-N"]
        argv += ["--auth=scram-sha-256", "-E", "UTF8", "--locale=C"]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd="/", user=owner(), group=owner())
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{each}\n" for each in ("fsync=off", *settings))
        self.start()

    def start(self) -> None:
        self.launch()
        wait_for(self.answers, "PostgreSQL")

    def launch(self) -> None:
        """Start the server; it answers a moment later."""
        argv = [str(self.home / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*argv, "-k", str(self.folder)], stderr=log, stdout=log, cwd="/", user=owner(), group=owner()
            )

    def kill(self) -> None:
        """SIGKILL to the server and all its children: nothing is written down, nobody is told."""
        os.kill(self.process.pid, signal.SIGSTOP)  # it begins no other meanwhile
        children = children_of(self.process.pid)
        for pid in (self.process.pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not any(is_there(pid) for pid in children), "its children to be gone")

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self.connect("postgres"):
            return True
        return False

    def stop(self) -> None:
        """Stop the server at once; its children go with it."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)

    def url(self, name: str, user: str = USER, password: str = PASSWORD) -> DatabaseUrl:
        return DatabaseUrl("127.0.0.1", self.port, name, user, password, "disable")

    def connect(self, name: str) -> psycopg.Connection:
        url = self.url(name)
        return psycopg.connect(
            host=url.host, port=url.port, dbname=name, user=url.user, password=url.password, autocommit=True
        )

    def execute(self, name: str, statement: str) -> list[tuple[object, ...]]:
        with self.connect(name) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def databases(self) -> set[str]:
        rows = self.execute(
            "postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        )
        return {str(row[0]) for row in rows}

    def new(self, rows: int = 50) -> DatabaseUrl:
        """A school of so many students in a database of its own."""
        url = self.url(f"sms_{uuid.uuid4().hex[:8]}")
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(url.name)))
        self.execute(url.name, SCHOOL)
        self.execute(url.name, f"INSERT INTO students (name) SELECT 'Student ' || g FROM generate_series(1, {rows}) g")
        self.execute(url.name, f"INSERT INTO grades (student, mark) SELECT g, 5 FROM generate_series(1, {rows}) g")
        return url

    def students(self, url: DatabaseUrl) -> int:
        return int(str(self.execute(url.name, "SELECT count(*) FROM students")[0][0]))


def is_there(pid: int) -> bool:
    """Whether there is such a process; /proc can say so twice while one ends, with two different errors."""
    with contextlib.suppress(ProcessLookupError):
        return Path(f"/proc/{pid}/stat").exists()
    return False


def children_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


SCHOOL = f"""
CREATE TABLE students (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE grades (id serial PRIMARY KEY, student int REFERENCES students, mark float);
CREATE TABLE notes (text text);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('{REVISION}');
CREATE SCHEMA extra; CREATE TABLE extra."odd name" (a text);
INSERT INTO extra."odd name" VALUES ('x'), (E'two\\nlines');
"""


@contextlib.contextmanager
def cluster(*settings: str) -> Iterator[Cluster]:
    """A running server, and nothing of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="smsops-tests-pg-"))
    found = Cluster(folder, free_port())
    folder.chmod(0o755)
    try:
        found.begin(*settings)
        yield found
    finally:
        if hasattr(found, "process") and found.process.poll() is None:
            found.stop()
        shutil.rmtree(folder, ignore_errors=True)
