"""Takes a file in: opened without following links, copied with a limit, unpacked with a limit."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from smsops.errors import OpsError
from smsops.text import bytes_text

PIECE = 1024 * 1024
SPARE = 64 * 1024 * 1024  # bytes of a disk that are left alone
_WHAT = {stat.S_IFIFO: "a pipe", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device", stat.S_IFSOCK: "a socket"}


@dataclass(frozen=True)
class Taken:
    """A copy that was made: its size in bytes, its SHA-256, and when the file was changed last (seconds)."""

    size: int
    sha256: str
    changed_at: float


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open an ordinary file for reading, at an absolute path on which there is no link and no `..`; the descriptor.

    Every folder on the way is opened by itself, so that nothing can be exchanged for a link meanwhile.
    """
    if not path.is_absolute() or ".." in path.parts:
        raise OpsError(f"{path} is not taken in: give the whole path, without “..”.")
    folder = os.open("/", os.O_PATH | os.O_DIRECTORY)
    try:
        for part in path.parts[1:-1]:
            inner = _step(path, part, os.O_PATH | os.O_DIRECTORY, folder)
            os.close(folder)
            folder = inner
        # O_NONBLOCK: opening a pipe nobody writes to would wait for ever.
        handle = _step(path, path.name, os.O_RDONLY | os.O_NONBLOCK, folder)
    finally:
        os.close(folder)
    try:
        kind = stat.S_IFMT(os.fstat(handle).st_mode)
        if kind != stat.S_IFREG:
            raise OpsError(f"{path} is {_WHAT.get(kind, 'a folder')}, not a file.")
        yield handle
    finally:
        os.close(handle)


def _step(path: Path, part: str, flags: int, folder: int) -> int:
    try:
        status = os.lstat(part, dir_fd=folder)
        if stat.S_ISLNK(status.st_mode):
            raise OpsError(f"{path} is not taken in: “{part}” is a symbolic link; give the file itself.")
        if stat.S_IFMT(status.st_mode) in _WHAT:  # not even opened: a device may do something then
            raise OpsError(f"{path} is {_WHAT[stat.S_IFMT(status.st_mode)]}, not a file.")
        return os.open(part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        raise OpsError(f"{path} cannot be read: {error.strerror}.") from error


def take_in(source: Path, target: Path, limit: int) -> Taken:
    """Copy the file to the new private file `target`. Raises OpsError when it is none, larger than `limit` bytes or
    than the disk has room for, or when somebody writes it meanwhile."""
    with opened(source) as handle:
        before = os.fstat(handle)
        check_size(before.st_size, limit, source.name, target.parent)
        with os.fdopen(os.dup(handle), "rb") as file:
            copied = write(pieces(file), target, limit, source.name)
        after = os.fstat(handle)
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or copied.size != after.st_size:
            raise OpsError(f"{source.name} was written while it was copied.", fix="Wait until it is finished.")
    return Taken(copied.size, copied.sha256, after.st_mtime)


def check_size(size: int, limit: int, name: str, folder: Path) -> None:
    """Raise OpsError unless a file of `size` bytes is allowed and `folder` has room for it, and a database of it."""
    if size == 0:
        raise OpsError(f"{name} is empty.")
    if size > limit:
        raise OpsError(
            f"{name} has {bytes_text(size)}; at most {bytes_text(limit)} are adopted.",
            fix="If it really is that large, raise SMSOPS_ADOPT_BYTES.",
        )
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise OpsError(f"{folder} has {bytes_text(free)} left; {name} needs {bytes_text(size)}.")


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """What is left of a file."""
    while piece := file.read(PIECE):
        yield piece


def write(content: Iterable[bytes], target: Path, limit: int, name: str) -> Taken:
    """Write `content` to the new private file `target`; OpsError for more than `limit` bytes or a disk that fills."""
    target.unlink(missing_ok=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in content:
            size += len(piece)
            if size > limit:
                raise OpsError(f"{name} holds more than the {bytes_text(limit)} that are adopted.")
            if shutil.disk_usage(target.parent).free < SPARE:
                raise OpsError(f"{target.parent} has no room for what is in {name}.")
            digest.update(piece)
            file.write(piece)
    return Taken(size, digest.hexdigest(), 0.0)


def unpack(source: Path, target: Path, limit: int, name: str) -> Taken:
    """Unpack a gzip file, however much it claims to hold: at most `limit` bytes are ever written."""
    with source.open("rb") as file:
        return write(_inflated(file, name), target, limit, name)


def _inflated(file: BinaryIO, name: str) -> Iterator[bytes]:
    unpacker, fresh = zlib.decompressobj(wbits=31), True
    data = file.read(PIECE)
    try:
        while data:
            piece = unpacker.decompress(data, PIECE)
            fresh = False
            if piece:
                yield piece
            data = unpacker.unconsumed_tail or unpacker.unused_data or file.read(PIECE)
            if unpacker.eof:
                data = data.lstrip(b"\0")  # a tape's filling
                unpacker, fresh = zlib.decompressobj(wbits=31), True
    except zlib.error as error:
        raise OpsError(f"{name} is damaged: what is packed in it cannot be unpacked.") from error
    if not fresh:
        raise OpsError(f"{name} is cut off: the end of what is packed in it is missing.")
