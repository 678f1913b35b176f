"""Secret keys that an installation makes for itself on first use, one file each, readable by its owner only."""

import contextlib
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def load_or_create(path: Path, length: int = 64) -> str:
    """Return the key in `path`, creating it when it is missing.

    Several processes may start at once: the file is written under a private name and linked into place, which only
    one of them can do; the others read the winner's key.
    """
    try:
        return _load_or_create(path, length)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ImproperlyConfigured(f"The key {path} can be neither read nor made: {why}.") from error


def _load_or_create(path: Path, length: int) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    private.touch(mode=0o600)
    private.write_text(secrets.token_urlsafe(length))
    with contextlib.suppress(FileExistsError):
        os.link(private, path)
    private.unlink()
    return path.read_text().strip()
