"""The log of a followed database, copied elsewhere, and what a machine makes of it that has nothing else."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf, Shelf
from backups.wal.log import Log
from backups.wal.replay import Until, replay
from backups.wal.retrieval import Retrieved, retrieve
from backups.wal.shipping import Shipper
from backups.wal.stock import Stock
from tests.backups.wals import Desk, digest_of

ALWAYS = 2**53  # ms; later than anything


def shipper(desk: Desk, target: Shelf, *, reads: bool = True) -> Shipper:
    return Shipper(desk.log, target, desk.folder / "under-way", reads)


def empty_log(desk: Desk, name: str = "other machine") -> Log:
    """The log of a machine that has the keys and nothing else."""
    return Log(FolderShelf(desk.folder / name), Keyring(desk.folder / "keys"))


def everything(target: Shelf, log: Log) -> Retrieved:
    return retrieve(target, log, 0, ALWAYS)


def state_there(desk: Desk, target: Shelf, until: Until | None = None, name: str = "other machine") -> tuple[int, str]:
    """The number of the last commit, and a digest of everything, as an empty machine restores it from there."""
    log = empty_log(desk, name)
    assert everything(target, log).problems == []
    path, position = desk.bases[0]
    image = Path(shutil.copyfile(path, desk.folder / "theirs.db"))
    replay(image, position, log, until or datetime.now(UTC))
    return digest_of(image)


def names(target: Shelf) -> list[str]:
    """All parts on a shelf."""
    stock = Stock(target)
    return [part.name for _, parts in stock.backwards() for part in parts]


def a_part(target: Shelf, at: int = 0) -> str:
    return sorted(names(target))[at]
