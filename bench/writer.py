"""A writer beside a backup: commits at a steady rate and remembers its worst delay."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path


class Writer(threading.Thread):
    """Commits one row `rate` times a second until it is ended."""

    def __init__(self, database: Path, rate: float = 50) -> None:
        super().__init__(daemon=True)
        self.database, self.pause = database, 1 / rate
        self.ended = threading.Event()
        self.delays: list[float] = []

    def run(self) -> None:
        connection = sqlite3.connect(self.database, timeout=30)
        connection.execute("PRAGMA synchronous=NORMAL")
        while not self.ended.wait(self.pause):
            began = time.perf_counter()
            with connection:
                connection.execute(
                    "INSERT INTO audit_logs(action, created_at) VALUES ('bench', datetime('now'))"
                    if self._has_columns(connection)
                    else "CREATE TABLE IF NOT EXISTS bench_writer(n)"
                )
            self.delays.append(time.perf_counter() - began)
        connection.close()

    @staticmethod
    def _has_columns(connection: sqlite3.Connection) -> bool:
        names = {row[1] for row in connection.execute("PRAGMA table_info(audit_logs)")}
        return {"action", "created_at"} <= names

    def worst(self) -> float:
        """End it and return the longest commit, in seconds."""
        self.ended.set()
        self.join()
        return max(self.delays, default=0.0)
