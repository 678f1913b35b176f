"""Where packs and manifests lie: names, and files behind them. A folder here; elsewhere, what fits the Protocol."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import filecmp
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from backups.errors import NotAllowed
from backups.vault.entries import Entry
from smsops.belongings import hand_over
from smsops.errors import OpsError

INCOMING = ".incoming"
LOCK = ".lock"
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class Shelf(Protocol):
    """Immutable files by name (`backups/x.json`, `packs/…`). Errors come out as OpsError, a missing file as
    FileNotFoundError."""

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder, sorted; a missing folder has none."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    def put(self, name: str, source: Path) -> None:
        """Let the finished, synced file `source` appear under `name`, in one step; `source` is gone afterwards.

        What is there is never written over: the same again is fine, another file is an OpsError."""

    def remove(self, name: str) -> None:
        """Remove a file; a missing one is fine."""


@contextlib.contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turn file errors below `root` into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OpsError(f"The disk of {root} is full.", fix="Make room, then try again.") from error
        if error.errno == errno.EROFS:
            raise OpsError(f"The folder {root} is read-only.", fix="Mount it writable, then try again.") from error
        raise OpsError(f"The folder {root} cannot be used: {error.strerror or error}.") from error


class FolderShelf:
    """A shelf in a folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, folder: str) -> list[str]:
        path = self.root / folder
        with explained(self.root):
            entries = list(path.iterdir()) if path.is_dir() else []
        return sorted(entry.name for entry in entries if not entry.name.startswith("."))

    def size(self, folder: str) -> int:
        """Bytes of all files in a folder; a missing one has none."""
        with explained(self.root):
            return sum((self.root / folder / name).stat().st_size for name in self.names(folder))

    def open(self, name: str) -> BinaryIO:
        path = self.root / name
        with explained(self.root), contextlib.suppress(FileNotFoundError):
            return path.open("rb")
        raise FileNotFoundError(path)

    def exists(self, name: str) -> bool:
        return (self.root / name).is_file()

    def incoming(self) -> Path:
        """The folder where files are written before they appear; on the same disk."""
        path = self.root / INCOMING
        with explained(self.root):
            make_private(path)
        return path

    def clear_incoming(self) -> None:
        """Throw away what killed writers left."""
        with explained(self.root):
            for path in self.incoming().iterdir():
                path.unlink(missing_ok=True)

    def put(self, name: str, source: Path) -> None:
        target = self.root / name
        with explained(self.root):
            make_private(target.parent)
            hand_over(source)
            try:
                _name_anew(source, target)
            except FileExistsError:
                if not target.is_file() or not filecmp.cmp(source, target, shallow=False):
                    said = f"{name} is in {self.root} already, with other content; it is never written over."
                    raise OpsError(said) from None
            sync_folder(target.parent)
            source.unlink(missing_ok=True)

    def replace(self, name: str, source: Path) -> None:
        """As `put`, but in the place of whatever is there: only for a file that is known to be damaged."""
        target = self.root / name
        with explained(self.root):
            make_private(target.parent)
            hand_over(source)
            source.replace(target)
            sync_folder(target.parent)

    @contextlib.contextmanager
    def locked(self, *, alone: bool) -> Iterator[None]:
        """Hold the shelf, `alone` or with others; OpsError, transient, when it is held otherwise. A killed holder lets
        go."""
        with turn(self.root, LOCK, alone=alone) as mine:
            if not mine:
                raise OpsError(f"The vault {self.root} is in use; try again later.", transient=True)
            yield

    def below(self, folder: str) -> list[Entry]:
        """Every file in a folder and those in it, in order of their names."""
        with explained(self.root):
            return sorted(self._below(self.root / folder), key=lambda entry: entry.name)

    def _below(self, folder: Path) -> Iterator[Entry]:
        for path in folder.rglob("[!.]*"):
            with contextlib.suppress(FileNotFoundError):  # removed just now
                if path.is_file():
                    found = path.stat()
                    yield Entry(str(path.relative_to(self.root)), found.st_size, found.st_mtime)

    def release(self, name: str) -> bool:
        """Remove a file: nothing is locked here. NotAllowed where the folder does not let it go."""
        try:
            (self.root / name).unlink(missing_ok=True)
        except PermissionError:
            raise NotAllowed(f"Nothing may be removed from {self.root}.") from None
        self.remove(name)
        return True

    def remove(self, name: str) -> None:
        with explained(self.root):
            (self.root / name).unlink(missing_ok=True)
            if (self.root / name).parent.is_dir():
                sync_folder((self.root / name).parent)


def _name_anew(source: Path, target: Path) -> None:
    """Give `source` the name `target` as well; FileExistsError where that name is taken, even this very moment."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(target) from None
        source.replace(target)  # the best there is where files have one name only


def make_private(path: Path) -> None:
    """Make a folder, and those above it, for their owner alone."""
    if path.is_dir():
        return
    if path.exists():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    make_private(path.parent)
    path.mkdir(exist_ok=True, mode=0o700)
    hand_over(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def turn(folder: Path, name: str, *, alone: bool = True) -> Iterator[bool]:
    """Whether this process may do, `alone` or with others, what that file in the folder stands for; nobody waits. A
    killed holder lets go."""
    with explained(folder):
        make_private(folder)
        handle = os.open(folder / name, os.O_CREAT | os.O_RDWR, 0o600)
        hand_over(folder / name)
    try:
        yield _flocked(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _flocked(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_folder(path: Path) -> None:
    """See to it that the names in a folder are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
