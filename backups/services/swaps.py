"""Exchanging the database file: one atomic rename on its own volume, the old file kept, stale side files gone.

SMS is stopped whenever these are called. Killed at any line, the database is the old one or the new one, whole.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from backups.engines.sqlite import SIDE_FILES, fsync, quiesce, side_file
from backups.services import fence
from smsops.errors import OpsError


def settle(data: Path, database: Path, aside: Path, token: int) -> str:
    """Leave the stopped database in one file; return how. What cannot be written back is moved to `aside`.

    A database too damaged to be opened is exactly what a restore is for: its side files are then kept as evidence.
    """
    with fence.held(data, token):
        if not database.exists():
            return "There was no database."
        try:
            quiesce(database)
        except OpsError as error:
            if error.transient:
                raise
            aside.mkdir(mode=0o700, exist_ok=True)
            for suffix in SIDE_FILES:
                if side_file(database, suffix).exists():
                    side_file(database, suffix).rename(aside / f"database{suffix}")
            return f"The database could not be opened ({error.message}); its side files were moved to {aside}."
    return "The write-ahead log was written back and removed."


def unsettle(data: Path, database: Path, aside: Path, token: int) -> None:
    """Put side files that `settle` moved away back beside their database."""
    with fence.held(data, token):
        for suffix in SIDE_FILES:
            kept = aside / f"database{suffix}"
            if kept.exists():
                kept.rename(side_file(database, suffix))
        if aside.is_dir():
            aside.rmdir()


def keep(data: Path, database: Path, kept: Path, token: int) -> None:
    """Give the settled database a second name: the old content stays, whatever takes the first name.

    A hard link costs nothing, whatever the size; where the file system has none, the file is copied.
    """
    with fence.held(data, token):
        kept.unlink(missing_ok=True)
        if not database.exists():
            return
        try:
            os.link(database, kept)
        except OSError:
            private = kept.with_name(kept.name + ".part")
            shutil.copy2(database, private)
            own_like(private, database)
            fsync(private)
            private.rename(kept)
        fsync(kept.parent)


def install(data: Path, database: Path, staged: Path, token: int) -> None:
    """Let `staged` take the database's place: the commit point of a restore."""
    with fence.held(data, token):
        drop_side_files(database)
        staged.replace(database)
        fsync(database.parent)


def drop_side_files(database: Path) -> None:
    """Remove the log of a database that is about to be replaced: SQLite would play it into the new one."""
    for suffix in SIDE_FILES:
        side_file(database, suffix).unlink(missing_ok=True)


def own_like(path: Path, model: Path) -> None:
    """Give `path` the owner and the mode of `model`, so that SMS can write it."""
    status = model.stat()
    path.chmod(status.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(path, status.st_uid, status.st_gid)
