"""Small real SQLite databases for the tests, and other processes that use them."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

REVISION = "a7c31e09d452"


def make(path: Path, rows: int = 50, *, journal: str = "wal", filler: int = 0) -> Path:
    """A database with students, grades and a revision; `filler` bytes of noise that does not compress."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.executescript(
            "CREATE TABLE students (id INTEGER PRIMARY KEY, name TEXT, email TEXT);"
            "CREATE TABLE grades (id INTEGER PRIMARY KEY, student INTEGER REFERENCES students, mark REAL);"
            "CREATE TABLE noise (bytes BLOB); CREATE TABLE alembic_version (version_num TEXT);"
        )
        names = [(number, f"Student {number}", f"s{number}@school.example") for number in range(1, rows + 1)]
        connection.executemany("INSERT INTO students VALUES (?, ?, ?)", names)
        connection.executemany("INSERT INTO grades VALUES (?, ?, 5)", [(number, number) for number, *_ in names])
        connection.execute("INSERT INTO alembic_version VALUES (?)", (REVISION,))
        if filler:
            connection.execute("INSERT INTO noise VALUES (?)", (Random(7).randbytes(filler),))
        connection.commit()
    return path


def change(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def count(path: Path, table: str = "students") -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def leave_a_log(path: Path, statement: str) -> None:
    """Commit in another process that is killed before it can write the log back."""
    program = (
        "import os, sqlite3, sys; connection = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "connection.execute(sys.argv[2]); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path), statement], check=False)
    assert done.returncode == -9
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0


WRITER = """
import sqlite3, sys, time, threading
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("PRAGMA synchronous=OFF")  # who holds it up is asked, not how fast the disk is
connection.executescript("CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0);"
    "CREATE TABLE one (n INTEGER PRIMARY KEY); CREATE TABLE other (n INTEGER PRIMARY KEY);")
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
print("ready", flush=True)
n, slowest = 0, 0.0
while not ended.wait(0.02):
    n, began = n + 1, time.monotonic()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE counter SET n = ?", (n,))
    connection.execute("INSERT INTO one VALUES (?)", (n,))
    connection.execute("INSERT INTO other VALUES (?)", (n,))
    connection.execute("COMMIT")
    slowest = max(slowest, time.monotonic() - began)
print(slowest, flush=True)
"""


@dataclass
class Writer:
    """Another process that commits 50 times a second; each commit counts up and adds a row to each of two tables."""

    process: subprocess.Popen[str]

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """It commits only meanwhile, from now on: however slow the machine is, it does not get far ahead."""
        self.process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGSTOP)

    def end(self) -> float:
        """Stop it; return the seconds its slowest commit took."""
        self.process.send_signal(signal.SIGCONT)
        said, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        return float(said.split()[-1])


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Writer]:
    words = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield Writer(process)
        finally:
            if process.poll() is None:
                process.kill()


def commits(copy: Path) -> int:
    """How many commits of the writer a copy holds; fails when one of them is torn."""
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        counter = int(connection.execute("SELECT n FROM counter").fetchone()[0])
        for table in ("one", "other"):
            found = connection.execute(f"SELECT count(*), coalesce(max(n), 0) FROM {table}").fetchone()
            assert found == (counter, counter)
    return counter


def make_damaged(path: Path) -> Path:
    """A database one of whose pages is nonsense, in the place of whatever is there."""
    path.unlink(missing_ok=True)
    make(path, rows=3000, journal="delete")
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    return path


def spoil(file: Path, bit: int) -> None:
    """Flip one bit of a file."""
    with file.open("r+b") as handle:
        handle.seek(bit // 8)
        byte = handle.read(1)[0]
        handle.seek(bit // 8)
        handle.write(bytes([byte ^ 1 << bit % 8]))


def root() -> bool:
    return os.geteuid() == 0
