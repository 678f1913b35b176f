"""Writes the log of one generation: a record is kept once it is synced, a file closed after a minute or a megabyte."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from typing import BinaryIO

from backups.vault.keys import Keyring
from backups.vault.sealing import SALT_BYTES
from backups.vault.shelf import FolderShelf, explained
from backups.wal import records
from backups.wal.records import Record
from backups.wal.segments import Header, Link, Seal, closing, framed, name_of
from backups.wal.tally import Tally

SECONDS, BYTES = 60.0, 1024 * 1024  # a file is closed when it is as old, or as long


class Writer:
    """Appends to a generation, behind the file `last`. What it writes counts once `sync` has returned.

    A file that could not be written is never touched again: what is in it up to the last sound record is bound by the
    next one.
    """

    def __init__(self, shelf: FolderShelf, keys: Keyring, generation: str, page: int, last: Link) -> None:
        self.shelf, self.keys, self.generation, self.page, self.last = shelf, keys, generation, page, last
        self.file: BinaryIO | None = None

    def append(self, record: Record) -> None:
        """Write a record. Raises OpsError where it cannot be written; it then does not count."""
        with explained(self.shelf.root), self._whole():
            file = self.file or self._begin()
            piece = framed(self.seal.seal(self.tally.records + 1, records.dumps(record)))
            file.write(piece)
            file.flush()
            self.tally.add(record)
            self._wrote(piece)

    def sync(self) -> None:
        """Let everything that was appended last, whatever happens to the machine."""
        if self.file is not None:
            with explained(self.shelf.root), self._whole():
                os.fdatasync(self.file.fileno())
                self.synced = self.bytes, self.digest.hexdigest()

    def tidy(self, seen: int) -> None:
        """Close the file where it is time; `seen` is when the database was last seen as it is kept, in ms."""
        if self.file is not None:
            self.tally.until = max(self.tally.until, seen)
            if time.monotonic() - self.begun > SECONDS or self.bytes > BYTES:
                self.close()

    def close(self) -> None:
        """Close the file, where one is open: it ends with what is in it, and is never touched again."""
        if self.file is None:
            return
        with explained(self.shelf.root), self._whole():
            piece = closing(self.seal.seal_tally(self.tally.dumps()))
            self.file.write(piece)
            self.file.flush()
            self._wrote(piece)
        self.sync()
        self.leave()

    def leave(self) -> None:
        """Leave the file as it is: as a killed writer would."""
        if self.file is not None:
            self.last = Link(self.last.number + 1, *self.synced)
            with contextlib.suppress(OSError):
                self.file.close()
        self.file = None

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """Where the disk refuses, nothing more is written to this file."""
        try:
            yield
        except OSError:
            self.leave()
            raise

    def _begin(self) -> BinaryIO:
        """Let a new file appear, with its header."""
        key = self.keys.current()
        number = self.last.number + 1
        header = Header(self.generation, number, self.page, key.identity, secrets.token_hex(SALT_BYTES), self.last)
        private = self.shelf.incoming() / f"{secrets.token_hex(8)}.log"
        try:
            with private.open("wb") as file:
                file.write(header.dumps())
                file.flush()
                os.fsync(file.fileno())
            self.shelf.put(name_of(self.generation, number), private)
        finally:
            private.unlink(missing_ok=True)
        self.file = (self.shelf.root / name_of(self.generation, number)).open("ab")
        self.seal, self.tally, self.begun = Seal(key, header), Tally(), time.monotonic()
        self.digest, self.bytes = hashlib.sha256(), 0
        self._wrote(header.dumps())
        self.synced = self.bytes, self.digest.hexdigest()
        return self.file

    def _wrote(self, piece: bytes) -> None:
        self.digest.update(piece)
        self.bytes += len(piece)
