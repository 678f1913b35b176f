"""Gives a file another content in one step: whoever looks sees the old one or the new one, and never a part.

The new file is written beside it with the owner, mode and attributes of the old one, synced, and renamed over it. A
link is followed: it stays, and what it leads to is replaced.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from smsops.errors import OpsError


def replace(path: Path, before: bytes, after: bytes, mark: str, guard: Callable[[], None]) -> None:
    """Put `after` in the place of `before`; `mark` keeps the file beside it apart from others, and `guard` is called
    right before the rename. Raises OpsError, with nothing changed, when it cannot be done or `before` is not there."""
    real = path.resolve()
    beside = _beside(real, mark)
    try:
        if real.read_bytes() != before:
            raise OpsError(f"{path} was changed by somebody meanwhile.", fix="Look at it, then try again.")
        _write(beside, real, after)
        guard()
        beside.rename(real)
        _sync(real.parent)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def rehearse(path: Path, size: int, mark: str) -> None:
    """Find out whether it could be replaced by `size` bytes, and change nothing; OpsError when it could not."""
    real = path.resolve()
    beside = _beside(real, mark)
    try:
        if not real.stat().st_mode & 0o222 or not os.access(real, os.W_OK):
            raise OpsError(f"{path} is read-only.", fix="Let the worker's user write it.")
        if _mounted(real):
            raise OpsError(f"{path} is mounted by itself and cannot be replaced.", fix="Mount its folder instead.")
        if real.stat().st_nlink > 1:
            raise OpsError(f"{path} has a second name (a hard link), which would keep the old content.")
        _write(beside, real, b"x" * size)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def clear(path: Path, mark: str) -> None:
    """Remove what a lost worker left beside the file, whatever stands behind the mark. Who still meant to rename it
    cannot any more."""
    real = path.resolve()
    try:
        for left in real.parent.iterdir():
            if left.name.startswith(_beside(real, mark).name):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise _refusal(path, error) from error


def _beside(real: Path, mark: str) -> Path:
    return real.with_name(f".{real.name}.smsops-{mark}")


def _mounted(real: Path) -> bool:
    """Whether it is mounted by itself, as where a single file is shown to a container: nobody may rename over it."""
    mounts = Path("/proc/self/mountinfo")
    lines = mounts.read_bytes().splitlines() if mounts.exists() else []
    shown = re.sub(rb"[\\ \t\n]", lambda sign: b"\\%03o" % sign[0][0], os.fsencode(real))
    return any(line.split(b" ")[4] == shown for line in lines)


def _write(beside: Path, real: Path, data: bytes) -> None:
    """Nobody but its owner reads it before it is like the old one."""
    like = real.stat()
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        for name in os.listxattr(real):
            os.setxattr(handle, name, os.getxattr(real, name))
        os.fchown(handle, like.st_uid, like.st_gid)
        os.fchmod(handle, like.st_mode & 0o7777)
        os.fsync(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refusal(path: Path, error: OSError) -> OpsError:
    said = f"{path} cannot be replaced: {error.strerror or type(error).__name__}."
    return OpsError(said, fix="See to it that the worker's user may write its folder, and that there is room.")
