"""One at a time on this machine, without waiting: who comes second goes away again."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from backups.vault.shelf import explained, make_private


@contextlib.contextmanager
def alone(folder: Path, name: str = ".lock") -> Iterator[bool]:
    """Whether nobody else is at what that file in the folder stands for; a killed one lets go."""
    with explained(folder):
        make_private(folder)
        handle = os.open(folder / name, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)
