"""A writer beside a backup, in a process of its own: commits at a steady rate and remembers every delay.

`python -m bench.writer DATABASE RATE` writes until its input ends, then prints when each commit began (the machine's
monotonic clock) and how long it took, as JSON.
"""

from __future__ import annotations

import json
import random
import select
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Delays:
    """When each commit began and how long it took, in seconds."""

    commits: list[tuple[float, float]]

    def worst(self, began: float, ended: float) -> float:
        """The longest commit that was under way between two moments; 0 when there was none."""
        return max((took for at, took in self.commits if at < ended and at + took > began), default=0.0)


class Writer:
    """Commits `rate` times a second until `end`."""

    def __init__(self, database: Path, rate: float = 50) -> None:
        words = [sys.executable, "-m", "bench.writer", str(database), str(rate)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> Delays:
        """Stop it; what it saw."""
        said, _ = self.process.communicate(timeout=60)
        return Delays([(began, took) for began, took in json.loads(said)])


def main(database: str, rate: float) -> None:
    commits: list[tuple[float, float]] = []
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")  # as SMS does
        work_of_a_school(connection, 1, 0)
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], 1 / rate)[0]:
            began = time.monotonic()
            work_of_a_school(connection, 1, len(commits))
            commits.append((began, time.monotonic() - began))
    print(json.dumps(commits))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
