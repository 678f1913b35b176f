"""What pages of the follower's image were before they are written over, so that a half-written image can be put back.

It is whole before the first page is touched, and gone once the image is noted to be where it was brought: killed at any
moment, the image is what was noted, or becomes it again. Nothing is synced: as the image, it outlives its process, and
whether it outlived the machine shows in the sum of the image.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from backups.vault.blocks import BATCH, gather, scatter

SUM = 4  # bytes at its end


def keep(file: Path, what: str, handle: int, numbers: Sequence[int], page_size: int) -> None:
    """Write these pages (ascending) of the image behind `handle` to `file`; `what` says which image at which position
    they belong to. OSError where there is no room, with the image untouched."""
    head = json.dumps({"what": what, "numbers": list(numbers)}).encode() + b"\n"
    with file.open("wb") as kept:
        kept.write(head)
        total = zlib.crc32(head)
        for some in _batches(numbers, page_size):
            data = gather(handle, [number - 1 for number in some], page_size)
            total = zlib.crc32(data, total)
            kept.write(data)
        kept.write(struct.pack(">I", total))


def put_back(file: Path, what: str, image: Path, size: int, page_size: int) -> None:
    """Put the image of `size` pages back to what it was at `what`, where that was begun to be written over. A file that
    is not whole, or of another state, was left before or after that, and is passed over."""
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError), file.open("rb") as kept:
        numbers = _known(kept.readline(), what)
        begin = kept.tell()
        if not _whole(file, begin + len(numbers) * page_size):
            return
        handle = os.open(image, os.O_RDWR)
        try:
            for some in _batches(numbers, page_size):
                scatter(handle, [number - 1 for number in some], kept.read(len(some) * page_size), page_size)
            os.ftruncate(handle, size * page_size)
        finally:
            os.close(handle)


def _known(line: bytes, what: str) -> list[int]:
    found = json.loads(line)
    if found["what"] != what:
        raise ValueError
    return [int(number) for number in found["numbers"]]


def _whole(file: Path, length: int) -> bool:
    """Whether the file has that length before its sum, and that sum."""
    total, left = 0, length
    with file.open("rb") as kept:
        while left and (data := kept.read(min(BATCH, left))):
            total, left = zlib.crc32(data, total), left - len(data)
        return not left and kept.read() == struct.pack(">I", total)


def _batches(numbers: Sequence[int], page_size: int) -> Iterator[Sequence[int]]:
    step = max(1, BATCH // page_size)
    for at in range(0, len(numbers), step):
        yield numbers[at : at + step]
