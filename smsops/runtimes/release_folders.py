"""Unpacked releases of a natively run SMS: one folder per version, which stand where images stand with Docker."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from smsops.runtimes.base import Image

MARK = ".smsops-release.json"  # written last by whoever unpacks a release: {"id": …}


def images(root: Path) -> list[Image]:
    """Every release below `root`; a folder without an entrypoint, half unpacked, or of unreadable origin, is none."""
    if not root.is_dir():
        return []
    folders = (folder for folder in sorted(root.iterdir()) if not folder.name.startswith("."))
    found = (_image(folder) for folder in folders if (folder / "backend" / "entrypoint.py").is_file())
    return [image for image in found if image is not None]


def folder_of(root: Path, image: Image) -> Path:
    """The folder an image was found in."""
    return root / image.version


def mark(folder: Path, identity: str) -> None:
    """Say what `folder` was unpacked from; the last thing to be written into it."""
    (folder / MARK).write_text(json.dumps({"id": identity}) + "\n")


def marked(folder: Path) -> str | None:
    """What a folder says it was unpacked from: empty when it says nothing, None when that cannot be read."""
    try:
        identity = json.loads((folder / MARK).read_text())["id"]
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(identity)


def _image(folder: Path) -> Image | None:
    created = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    identity = marked(folder)
    return None if identity is None else Image(identity or f"dir:{_digest(folder)}", folder.name, created)


def _digest(folder: Path) -> str:
    """A name for a release somebody put there by hand: changes when a file's size or time does."""
    digest = hashlib.sha256()
    for base, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if name not in ("__pycache__", "logs", ".git"))
        for name in sorted(names):
            status = (Path(base) / name).stat()
            digest.update(f"{base}/{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
