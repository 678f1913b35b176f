"""Backups: snapshot, store, verify and restore against `cp` + fsync and `sqlite3 .backup`, on the same databases."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.sqlite import SqliteEngine, fsync
from backups.services import storing
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from bench.data import SIZES, copy_of
from bench.table import Row, side_by_side
from bench.writer import Writer, work_of_a_school

BACKUP_BAR = {"50 MB": 8.0}  # times cp + fsync, everything included
MEMORY_BAR = 100.0  # MB, for the whole process, Django included
COMMITS = 500  # between two backups
TIMES = {"50 MB": 12, "500 MB": 3}


class Trial:
    """One database and a vault; each method is one thing to measure."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.database = folder, copy_of(name, folder)
        shelf, keys = FolderShelf(folder / "vault"), Keyring(folder / "keys")
        self.vault = Vault(shelf, keys, Images(folder / "images"))
        self.number = 0
        self.identifier = ""

    def school_goes_on(self) -> None:
        """What a school does between two backups."""
        self.number += 1
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            work_of_a_school(connection, COMMITS, self.number)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy(self) -> None:
        target = self.folder / "copy.db"
        shutil.copyfile(self.database, target)
        fsync(target)

    def dot_backup(self) -> None:
        with closing(sqlite3.connect(self.database)) as live, closing(sqlite3.connect(self.folder / "dot.db")) as copy:
            live.backup(copy)

    def back_up(self) -> None:
        """Snapshot, compress, check, count, store, read back: all a backup run does."""
        self.number += 1
        snapshot = self.folder / "snapshot.db"
        SqliteEngine().snapshot(self.database, snapshot)
        origin = storing.Origin("bench", self.database.name, datetime.now(UTC), "manual", run=self.number)
        self.identifier = storing.store(self.vault, SqliteEngine(), snapshot, origin).identifier

    def copy_back(self) -> None:
        target = self.folder / "restored.db"
        shutil.copyfile(self.database, target)
        fsync(target)
        SqliteEngine().facts(target)

    def restore(self) -> None:
        target = self.folder / "restored.db"
        self.vault.read(self.identifier, target)
        SqliteEngine().facts(target)


def rows() -> Iterator[Row]:
    for name in SIZES:
        with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
            yield from _size(Trial(Path(folder), name), name)
        yield Row(f"{name}: peak memory of a worker taking a backup", _memory(name), "MB", MEMORY_BAR)
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
        yield from _writer(Trial(Path(folder), "50 MB"))


def _size(trial: Trial, name: str) -> Iterator[Row]:
    works = {"cp": trial.copy, "dot": trial.dot_backup, "ours": trial.back_up}
    median = side_by_side(works, TIMES[name], trial.school_goes_on)
    yield Row(f"{name}: cp + fsync", median["cp"], "s")
    yield Row(f"{name}: sqlite3 .backup", median["dot"], "s")
    yield Row(f"{name}: backup (snapshot, store, check, read back)", median["ours"], "s")
    yield Row(f"{name}: backup / cp + fsync", median["ours"] / median["cp"], "x", BACKUP_BAR.get(name))
    back = side_by_side({"cp": trial.copy_back, "ours": trial.restore}, TIMES[name])
    yield Row(f"{name}: cp + fsync + quick_check and counts", back["cp"], "s")
    yield Row(f"{name}: restore (unpack, digest, fsync, quick_check and counts)", back["ours"], "s")
    yield Row(f"{name}: restore / the same with cp", back["ours"] / back["cp"], "x")


def _memory(name: str) -> float:
    """Peak resident memory, in MB, of a process that loads smsops as a worker does and takes one backup."""
    command = [sys.executable, "-m", "bench.memory", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return float(done.stdout.split()[-1])


def _writer(trial: Trial) -> Iterator[Row]:
    quiet = Writer(trial.database)
    quiet.start()
    quiet.ended.wait(3)
    yield Row("50 MB, WAL, 50 commits/s: worst commit without a backup", quiet.worst() * 1000, "ms")
    busy = Writer(trial.database)
    busy.start()
    for _ in range(5):
        trial.back_up()
    yield Row("50 MB, WAL, 50 commits/s: worst commit during five backups", busy.worst() * 1000, "ms")
