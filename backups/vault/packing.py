"""Packs a database into one compressed file and reads it back, knowing size and digest of both."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from backups.errors import BackupDamaged

CHUNK = 1024 * 1024
LEVEL = 1  # measured: level 3 takes a third longer for 5 % less (research/backups.md §1)
THREADS = min(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Content:
    """What a packed file is: size and SHA-256 of the database in it, and of the file itself."""

    size: int
    sha256: str
    stored_size: int
    stored_sha256: str


class _Counted:
    """A file that knows the size and the SHA-256 of what went through it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size, self.digest = file, 0, hashlib.sha256()

    def _note(self, data: bytes) -> None:
        self.size += len(data)
        self.digest.update(data)

    def write(self, data: bytes) -> int:
        self._note(data)
        return self.file.write(data)

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self._note(data)
        return data


def pack(source: Path, target: Path) -> Content:
    """Compress a file, with a checksum of its content inside, and sync it."""
    options = {"level": LEVEL, "threads": THREADS, "write_checksum": True, "write_content_size": True}
    with source.open("rb") as raw, target.open("wb") as file:
        size, stored, digest = source.stat().st_size, _Counted(file), hashlib.sha256()
        # Ended by hand: the writer's own `with` would hide a full disk behind an error of its own.
        stream = zstandard.ZstdCompressor(**options).stream_writer(stored, size=size, closefd=False)  # type: ignore[arg-type]
        while chunk := raw.read(CHUNK):
            digest.update(chunk)
            stream.write(chunk)
        stream.flush(zstandard.FLUSH_FRAME)
        file.flush()
        os.fsync(file.fileno())
        # Ask the kernel to drop its copy, so that reading back asks the disk.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return Content(size, digest.hexdigest(), stored.size, stored.digest.hexdigest())


def read_back(source: Path, content: Content) -> None:
    """Raise BackupDamaged unless the file is what was packed: its bytes have their SHA-256 and unpack to as many bytes
    with the checksum the compressor took of what it was given."""
    stored, size = _Counted(_opened := source.open("rb")), 0
    with _opened:
        for chunk in _unpacked(stored, source):
            size += len(chunk)
    if (size, stored.size, stored.digest.hexdigest()) != (content.size, content.stored_size, content.stored_sha256):
        raise BackupDamaged(f"The backup file {source.name} is not what was written.")


def unpack(source: Path, target: Path | None) -> Content:
    """Read a packed file to its end, writing what comes out to `target` if given. Damage raises BackupDamaged."""
    size, digest = 0, hashlib.sha256()
    with contextlib.ExitStack() as stack:
        stored = _Counted(stack.enter_context(source.open("rb")))
        copy = stack.enter_context(target.open("wb")) if target is not None else None
        for chunk in _unpacked(stored, source):
            digest.update(chunk)
            size += len(chunk)
            if copy is not None:
                copy.write(chunk)
        if copy is not None:
            copy.flush()
            os.fsync(copy.fileno())
        return Content(size, digest.hexdigest(), stored.size, stored.digest.hexdigest())


def _unpacked(stored: _Counted, source: Path) -> Iterator[bytes]:
    try:
        yield from zstandard.ZstdDecompressor().read_to_iter(stored, CHUNK, CHUNK)  # type: ignore[arg-type]
    except zstandard.ZstdError as error:
        raise BackupDamaged(f"The backup file {source.name} is damaged and cannot be unpacked.") from error
    while stored.read(CHUNK):
        """What stands behind the end of the compressed data counts as well."""
