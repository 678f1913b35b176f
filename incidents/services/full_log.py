"""SMS's whole log as one packed file, its newest part where it is too long."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import zstandard

from backups.vault.shelf import explained
from incidents.services import log_archive, log_reading
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.text import count_text

PART = 32_000_000  # bytes of text; at least so many of the newest are kept, at most twice as many
SECONDS = 30.0  # for what the archive has not got yet


def write(environment: Environment, since: datetime, target: Path) -> int:
    """Write the lines since then to `target`, packed, oldest first; how many there are."""
    with contextlib.suppress(OpsError):  # an engine that is away: the archive has what there was
        log_archive.collect(environment, SECONDS)
    entries = log_reading.entries(environment, log_reading.Wanted(since))
    lines = (f"{entry.at} {entry.instance} {entry.text}\n".encode() for entry in entries)
    older, newer = target.with_suffix(".older"), target.with_suffix(".newer")
    with explained(target.parent):
        try:
            return _join(target, older, newer, _parts(lines, older, newer))
        finally:
            for path in (older, newer):
                path.unlink(missing_ok=True)


def _parts(lines: Iterator[bytes], older: Path, newer: Path) -> tuple[int, int]:
    """Fill one part after the other, keeping the last two; how many lines they have, and how many were dropped."""
    counts: list[int] = []
    newer.unlink(missing_ok=True)
    for first in lines:
        if newer.exists():
            newer.replace(older)
        with newer.open("wb") as raw, zstandard.ZstdCompressor().stream_writer(raw) as file:
            counts.append(_fill(file, itertools.chain([first], lines)))
    return sum(counts[-2:]), sum(counts[:-2])


def _fill(file: BinaryIO, lines: Iterator[bytes]) -> int:
    size, count = 0, 0
    for line in lines:
        file.write(line)
        size, count = size + len(line), count + 1
        if size >= PART:
            break
    return count


def _join(target: Path, older: Path, newer: Path, counted: tuple[int, int]) -> int:
    count, dropped = counted
    with target.open("wb") as out:
        if dropped:
            said = f"[smsops] {count_text(dropped, 'older line was', 'older lines were')} left out.\n"
            out.write(zstandard.ZstdCompressor().compress(said.encode()))
        for path in (older, newer):
            if path.exists():
                out.write(path.read_bytes())
    return count
