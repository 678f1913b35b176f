"""The fence in the data folder: the place itself refuses a worker that was overtaken (design: how work runs, 5).

A worker raises the fence to its token before it changes anything there, and every change is made under the fence's
file lock only if the token still stands. Tokens of another smsops installation do not count.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from smsops.errors import LeaseLost

FOLDER = ".smsops"


def private_folder(data: Path) -> Path:
    """smsops's own folder on the data volume, made when missing; staged and kept databases live there, because only
    on the same volume can they take the database's place in one rename."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextlib.contextmanager
def held(data: Path, token: int) -> Iterator[None]:
    """Do the body under the lock, with the fence at `token`; LeaseLost when it stands higher already."""
    folder = private_folder(data)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        standing = _standing(folder / "fence.json")
        if standing > token:
            raise LeaseLost(f"the data folder is fenced at {standing}, this worker has {token}")
        if standing < token:
            _write(folder / "fence.json", token)
        yield
    finally:
        os.close(lock)


def _installation() -> str:
    return hashlib.sha256(settings.FIELD_KEY.encode()).hexdigest()[:16]


def _standing(path: Path) -> int:
    try:
        mark = json.loads(path.read_text())
        return int(mark["token"]) if mark["installation"] == _installation() else 0
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return 0


def _write(path: Path, token: int) -> None:
    private = path.with_name(".fence.json.new")
    private.write_text(json.dumps({"installation": _installation(), "token": token}))
    private.replace(path)
