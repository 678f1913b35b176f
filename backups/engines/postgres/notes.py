"""What a line of the log notes down of itself: how far it is known, and which moments its segments are of."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from backups.engines.postgres.segments import Segment
from backups.vault.shelf import explained, sync_folder


@dataclass(frozen=True)
class Known:
    """How far a line is known, all in ms since 1970 by the server's clock: every commit until `until` is in it, and the
    clock was never further than `clock` off ours. The last mark is remembered, too: its text and where it ends."""

    until: int
    clock: int
    end: int
    text: str


def known(folder: Path) -> Known | None:
    """How far the line in this folder is known; None while nothing is."""
    try:
        return Known(**json.loads((folder / "known.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def note(folder: Path, found: Known, segment: Segment) -> None:
    """Write down how far it is known now, and, where a segment begins, which moment that is."""
    with explained(folder):
        write(folder / "known.json", json.dumps(asdict(found)))
        noted = times(folder)
        if not noted or noted[-1][0] < segment.number:
            with (folder / "times").open("a") as file:
                file.write(f"{segment.number} {found.until}\n")


def times(folder: Path) -> list[tuple[int, int]]:
    """Segments by number, each with a moment (ms) before whose end no commit is in a later one."""
    try:
        lines = [line.split() for line in (folder / "times").read_text().splitlines()]
    except FileNotFoundError:
        return []
    return [(int(line[0]), int(line[1])) for line in lines if len(line) == 2]


def write(path: Path, text: str, *, sync: bool = False) -> None:
    """Let the file have this text, in one step; with `sync` it is on the disk afterwards."""
    private = path.with_name(f".{path.name}")
    with private.open("w") as file:
        file.write(text)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    private.replace(path)
    if sync:
        sync_folder(path.parent)
