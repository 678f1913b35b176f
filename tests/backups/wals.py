"""Followers and writers of the tests: writers are other processes, and tell what they saw after every commit."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.wal.follower import Follower
from backups.wal.frames import Position
from backups.wal.log import Log
from backups.wal.rebuilding import nothing
from backups.wal.records import Kind
from backups.wal.replay import Replayed, Until, planned, replay

ROOT = Path(__file__).resolve().parents[2]

# Does what it is told, line by line, in one connection; answers each line with one of JSON.
ACTOR = """
import hashlib, json, random, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
chance = random.Random(sys.argv[2])
n = connection.execute('SELECT max(n, 0) FROM counter').fetchone()[0]

def work(many):
    # Commits that grow, shrink and change tables; what is there after each one.
    global n
    seen = {}
    for _ in range(many):
        n += 1
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(chance.randrange(1, 4)):
            act = chance.randrange(6)
            if act < 3:
                connection.execute("INSERT INTO noise VALUES (randomblob(?))", (chance.choice([20, 900, 9000]),))
            elif act == 3:
                connection.execute("DELETE FROM noise WHERE rowid % 3 = ?", (chance.randrange(3),))
            elif act == 4:
                connection.execute("UPDATE students SET name = ? WHERE id % 7 = ?", (str(n), chance.randrange(7)))
            else:
                connection.execute(f"CREATE TABLE IF NOT EXISTS t{n % 5} (x)")
                connection.execute(f"DROP TABLE IF EXISTS t{(n + 2) % 5}")
        connection.execute("UPDATE counter SET n = ?", (n,))
        connection.execute("COMMIT")
        seen[n] = state()
    return seen

def state():
    lines = "".join(connection.iterdump())
    return hashlib.sha256(lines.encode()).hexdigest()

for line in sys.stdin:
    name, given = json.loads(line)
    answer = globals()[name](*given) if name in globals() else connection.execute(name, given).fetchall()
    print(json.dumps(answer), flush=True)
"""

SNAPSHOT = """
import sys
from pathlib import Path
from backups.engines.sqlite import SqliteEngine
print(SqliteEngine().snapshot(Path(sys.argv[1]), Path(sys.argv[2])))
"""


class Actor:
    """Another process with a connection to the database."""

    def __init__(self, database: Path, seed: int = 1) -> None:
        words = [sys.executable, "-c", ACTOR, str(database), str(seed)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, name: str, *given: Any) -> Any:
        """Let it run a function or a statement; what came of it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps([name, given]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def work(self, commits: int) -> dict[int, str]:
        """So many commits; a digest of everything after each, by its number."""
        return {int(n): digest for n, digest in self.do("work", commits).items()}

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> None:
        """Let it close its connection, and go."""
        self.process.communicate(timeout=30)


@contextlib.contextmanager
def acting(database: Path, seed: int = 1) -> Iterator[Actor]:
    actor = Actor(database, seed)
    try:
        yield actor
    finally:
        actor.kill()


def make_live(path: Path, *, page: int = 4096, vacuum: int = 0, first: int = 0) -> Path:
    """A database for the actors, in WAL mode."""
    path.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={page}")
        connection.execute(f"PRAGMA auto_vacuum={vacuum}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(
            f"CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES ({first}); CREATE TABLE noise (bytes BLOB);"
            "CREATE TABLE students (id INTEGER PRIMARY KEY, name TEXT);"
        )
        connection.executemany("INSERT INTO students VALUES (?, ?)", [(n, f"Student {n}") for n in range(200)])
    return path


def snapshot(database: Path, target: Path) -> Position | None:
    """A backup's snapshot, taken by another process: this one may follow the database."""
    words = [sys.executable, "-c", SNAPSHOT, str(database), str(target)]
    said = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    return None if said == "None" else Position.parse(said)


def log_at(folder: Path, shelf: Path | None = None) -> Log:
    return Log(FolderShelf(shelf or folder / "vault"), Keyring(folder / "keys"))


def digest_of(image: Path) -> tuple[int, str]:
    """The number of the last commit in a quiet image, and a digest of everything in it; fails where it is torn."""
    address = f"file:{image}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        n = int(connection.execute("SELECT n FROM counter").fetchone()[0])
        return n, hashlib.sha256("".join(connection.iterdump()).encode()).hexdigest()


@dataclass
class Desk:
    """A followed database, and what its writer saw."""

    folder: Path
    database: Path
    follower: Follower
    log: Log
    bases: list[tuple[Path, Position]] = field(default_factory=list)
    vaulted: bool = False  # whether the followers to come can have the bases

    def base(self) -> Path:
        """Take a backup now."""
        path = self.folder / f"base{len(self.bases)}.db"
        position = snapshot(self.database, path)
        assert position is not None
        self.bases.append((path, position))
        return path

    def built(self, end: Position, target: Path) -> Position | None:
        """Put the newest base at `target`, as a vault does for a follower."""
        path, position = self.bases[-1]
        planned(self.log, position, end)
        shutil.copyfile(path, target)
        return position

    def replayed(self, until: Until, base: int = 0) -> tuple[Path, Replayed]:
        """A copy of a base, brought to that moment."""
        path, position = self.bases[base]
        image = Path(shutil.copyfile(path, self.folder / "image.db"))
        return image, replay(image, position, self.log, until)

    def positions(self) -> list[Position]:
        """Where each commit in the newest generation stands, in order."""
        generation = self.log.generations()[-1]
        return [
            entry.position
            for _, found in self.log.records(generation, self.log.numbers(generation)[0])
            for entry in found.record.entries
            if not entry.more
        ]

    def kill(self) -> None:
        """Let everything go as a kill would: nothing is written, and no log is closed."""
        self.follower.let_go()
        if self.follower.lock is not None:
            os.close(self.follower.lock)
        self.follower.lock = None

    def again(self) -> Follower:
        """A follower that comes after the last one was killed."""
        self.kill()
        base = self.built if self.vaulted else nothing
        self.follower = Follower(self.database, self.folder / "shadow", self.log, base=base)
        return self.follower


@contextlib.contextmanager
def desk_at(
    folder: Path, *, page: int = 4096, vacuum: int = 0, shelf: Path | None = None, own: Path | None = None
) -> Iterator[Desk]:
    """A followed database: its first commit gave it a position, and there a base was taken."""
    database, log = make_live(folder / "data" / "school.db", page=page, vacuum=vacuum), log_at(folder, shelf)
    desk = Desk(folder, database, Follower(database, own or folder / "shadow", log), log)
    desk.follower.poll()
    with acting(desk.database) as actor:
        awake(desk, actor)
        actor.do("UPDATE students SET name = 'First' WHERE id = 1")
        desk.follower.poll()
    desk.base()
    try:
        yield desk
    finally:
        desk.kill()


def awake(desk: Desk, actor: Actor) -> None:
    """Look once more when the actor has started: on a busy machine that takes longer than a time may be off."""
    actor.do("SELECT 1")
    desk.follower.poll()


def work(desk: Desk, actor: Actor, looks: int = 5, commits: int = 3) -> dict[int, str]:
    seen: dict[int, str] = {}
    awake(desk, actor)
    for _ in range(looks):
        seen |= actor.work(commits)
        desk.follower.poll()
    return seen


def right(desk: Desk, seen: dict[int, str], samples: int = 6) -> bool:
    """Whether the last commit and some others come back as the writer saw them."""
    places = desk.positions()
    behind = places[places.index(desk.bases[0][1]) + 1 :]
    found = [digest_of(desk.replayed(each)[0]) for each in (*Random(1).choices(behind, k=samples), behind[-1])]
    return all(seen[number] == digest for number, digest in found if number in seen) and found[-1][0] == max(seen)


def kinds(desk: Desk) -> list[Kind]:
    """Those of the entries of the newest generation."""
    generation = desk.log.generations()[-1]
    records = desk.log.records(generation, desk.log.numbers(generation)[0])
    return [entry.kind for _, found in records for entry in found.record.entries]
