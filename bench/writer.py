"""A writer beside a backup: commits at a steady rate and remembers its worst delay."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path


def work_of_a_school(connection: sqlite3.Connection, commits: int, seed: int) -> None:
    """So many commits, each of which changes a random grade and notes that it did."""
    chance = random.Random(seed)
    (grades,) = connection.execute("SELECT max(id) FROM grades").fetchone()
    for _ in range(commits):
        with connection:
            row = chance.randrange(1, grades + 1)
            connection.execute("UPDATE grades SET grade = ? WHERE id = ?", (chance.randrange(100), row))
            connection.execute(
                "INSERT INTO audit_logs (timestamp, action, resource_type, resource_id, success)"
                " VALUES (datetime('now'), 'update', 'grade', ?, 1)",
                (row,),
            )


class Writer(threading.Thread):
    """Commits `rate` times a second until it is ended."""

    def __init__(self, database: Path, rate: float = 50) -> None:
        super().__init__(daemon=True)
        self.database, self.pause = database, 1 / rate
        self.ended = threading.Event()
        self.delays: list[float] = []

    def run(self) -> None:
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous=NORMAL")
            while not self.ended.wait(self.pause):
                began = time.perf_counter()
                work_of_a_school(connection, 1, len(self.delays))
                self.delays.append(time.perf_counter() - began)

    def worst(self) -> float:
        """End it and return the longest commit, in seconds."""
        self.ended.set()
        self.join()
        return max(self.delays)
