"""One database at work and a vault beside it; each method of a trial is one thing to measure."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.sqlite import SqliteEngine, fsync
from backups.services import storing
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from bench.data import copy_of
from bench.peers import FILE
from bench.writer import work_of_a_school


class Trial:
    """`commits` happen between two backups; `added` are the bytes each backup added to the vault."""

    def __init__(self, folder: Path, name: str, commits: int = 500) -> None:
        self.folder, self.database = folder, copy_of(name, folder)
        shelf, keys = FolderShelf(folder / "vault"), Keyring(folder / "keys")
        self.vault = Vault(shelf, keys, Images(folder / "images"))
        self.for_peers = folder / "peers" / FILE
        self.for_peers.parent.mkdir(exist_ok=True)
        self.number, self.identifier = 0, ""
        self.begin(commits)

    def begin(self, commits: int) -> None:
        """Go on with so many commits between two backups; the next backup's bytes are the first that count."""
        self.commits, self.added = commits, list[int]()

    def school_goes_on(self) -> None:
        """What a school does between two backups."""
        self.number += 1
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            work_of_a_school(connection, self.commits, self.number)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def snapshot_for_peers(self) -> None:
        """A snapshot for those who only store."""
        SqliteEngine().snapshot(self.database, self.for_peers)

    def copy(self) -> None:
        target = self.folder / "copy.db"
        shutil.copyfile(self.database, target)
        fsync(target)

    def dot_backup(self) -> None:
        """What `.backup` does, in one shot: in small steps it never ends beside a busy writer."""
        with closing(sqlite3.connect(self.database)) as live, closing(sqlite3.connect(self.folder / "dot.db")) as copy:
            live.backup(copy)

    def back_up(self) -> None:
        """Snapshot, pack, seal, read back, quick_check, count: all a backup run does."""
        self.number += 1
        snapshot = self.folder / FILE
        SqliteEngine().snapshot(self.database, snapshot)
        origin = storing.Origin("bench", self.database.name, datetime.now(UTC), "manual", run=self.number)
        manifest = storing.store(self.vault, SqliteEngine(), snapshot, origin)
        self.identifier = manifest.identifier
        self.added.append(manifest.stored_size)

    def copy_back(self) -> None:
        self.copy()
        SqliteEngine().facts(self.folder / "copy.db")

    def restore(self, identifier: str = "") -> None:
        """Bring a backup back and check it; the newest one unless another is named."""
        target = self.folder / "restored.db"
        storing.unpack(self.vault, SqliteEngine(), identifier or self.identifier, target)
