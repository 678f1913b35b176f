"""What should not be so in the folders of a vault: files that are not its own, and doors open to others."""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from backups.vault.shelf import INCOMING, LOCK, FolderShelf, explained

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PACK = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}\.pack")
OWN = ("backups", "packs", "log", "postgres", INCOMING)
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_pack(path: str) -> bool:
    """Whether `ab/abcd….pack`, a path below the packs, is where a pack lies."""
    return bool(_PACK.fullmatch(path))


def strangers(shelf: FolderShelf) -> list[str]:
    """Paths on the shelf that are nobody's: no manifest, no pack, not under way. Nothing removes them."""
    with explained(shelf.root):
        return sorted(_strangers(shelf.root)) if shelf.root.is_dir() else []


def named(shelf: FolderShelf) -> list[str]:
    """One sentence about all of them; none where there are none."""
    found = strangers(shelf)
    listed = f"{', '.join(found[:5])}{' …' if len(found) > 5 else ''}"
    return [f"In the vault {shelf.root} lies what is not its own, and is left there: {listed}."] if found else []


def _strangers(root: Path) -> Iterator[str]:
    for path in root.iterdir():
        if path.name != LOCK and (path.name not in OWN or not path.is_dir()):
            yield path.name
    for path in _inside(root / "backups"):
        if path.suffix != ".json" or not IDENTIFIER.fullmatch(path.stem) or not path.is_file():
            yield f"backups/{path.name}"
    for folder in _inside(root / "packs"):
        if not re.fullmatch("[0-9a-f]{2}", folder.name) or not folder.is_dir():
            yield f"packs/{folder.name}"
            continue
        for path in folder.iterdir():
            if not is_pack(f"{folder.name}/{path.name}") or not path.is_file():
                yield f"packs/{folder.name}/{path.name}"


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def tighten(*folders: Path) -> list[str]:
    """Take from everybody but the owner what they may do in these folders, where they are; a sentence for each that
    stays open all the same."""
    for folder in folders:
        with contextlib.suppress(OSError):  # somebody else's, or a file system without modes: said below
            if mode := _open_mode(folder):
                folder.chmod(mode & ~OTHERS)
    still = [(folder, mode) for folder in folders if (mode := _open_mode(folder))]
    return [f"The folder {folder} is open to others (mode {mode:o}) and cannot be closed." for folder, mode in still]


def _open_mode(folder: Path) -> int:
    """The mode of a folder that is open to others; 0 where it is not, or there is none."""
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(folder.stat().st_mode)
        return mode if mode & OTHERS else 0
    return 0
