"""Reads the archive of SMS's logs."""

from __future__ import annotations

import heapq
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, cast

import zstandard

from incidents.models import LogFile
from incidents.services.log_archive import MARK
from smsops.models import Environment

PIECE = 256 * 1024


@dataclass(frozen=True, order=True)
class Entry:
    """One archived line, and whose it is."""

    at: str
    instance: str
    text: str


@dataclass(frozen=True)
class Wanted:
    """Which lines: between two moments, holding what an expression of ours finds (one that somebody typed:
    log_search.py). None: no bound."""

    since: datetime | None = None
    until: datetime | None = None
    pattern: re.Pattern[str] | None = None


class Head(io.RawIOBase):
    """The first `size` bytes of a file, and no more."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self.file, self.left = file, size

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data


def entries(environment: Environment, wanted: Wanted) -> Iterator[Entry]:
    """The lines of all instances, by their time."""
    since, until = _text(wanted.since), _text(wanted.until)
    files = LogFile.objects.filter(source__environment=environment).exclude(size=0).select_related("source")
    if since:
        files = files.filter(last_at__gte=since)
    if until:
        files = files.filter(first_at__lte=until)
    by_source: dict[int, list[LogFile]] = {}
    for file in files.order_by("day"):
        by_source.setdefault(file.source_id, []).append(file)
    for entry in heapq.merge(*(_of_source(each) for each in by_source.values())):
        if (since and entry.at < since) or (until and entry.at > until):
            continue
        if wanted.pattern is None or wanted.pattern.search(entry.text):
            yield entry


def _text(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}" if moment else ""


def _of_source(files: list[LogFile]) -> Iterator[Entry]:
    for file in files:
        name = file.source.name
        try:
            for line in _lines(file):
                at, _, text = line.partition(" ")
                yield Entry(at, name, text)
        except (OSError, zstandard.ZstdError):
            yield Entry(file.last_at, name, f"{MARK}The rest of this instance's lines of {file.day} cannot be read.")


def _lines(file: LogFile) -> Iterator[str]:
    with open(file.path, "rb") as opened:  # noqa: PTH123
        reader = zstandard.ZstdDecompressor().stream_reader(
            cast("BinaryIO", Head(opened, file.size)), read_across_frames=True
        )
        rest = b""
        while piece := reader.read(PIECE):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
