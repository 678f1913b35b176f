"""The file a backup is built in, pack after pack.

The same blocks change again and again: those that deltas touch stay in memory, up to a bound, and are written once.
Measured on the backup with the most packs of a week: 41,000 blocks read and written, or 3,400.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from backups.vault.blocks import gather, scatter

HELD_BYTES = 24 * 1024 * 1024


class Canvas:
    """An open file of blocks, of which some are still in memory; `finish` brings them into it."""

    def __init__(self, handle: int, block: int) -> None:
        self.handle, self.block = handle, block
        self.held: dict[int, bytes] = {}
        self.room = HELD_BYTES // block

    def old(self, numbers: Sequence[int]) -> bytes:
        """The contents of these blocks as they are by now; what lies behind the end is zeros."""
        away = [number for number in numbers if number not in self.held]
        data = gather(self.handle, away, self.block)
        if len(away) == len(numbers):
            return data
        at = dict(zip(away, range(0, len(data), self.block), strict=True))
        held, block = self.held, self.block
        return b"".join([held.get(number) or data[at[number] : at[number] + block] for number in numbers])

    def paint(self, numbers: Sequence[int], contents: bytes, *, again: bool) -> None:
        """Put these blocks where they belong; `again` tells that others like them are likely to follow."""
        if not again:
            for number in self.held.keys() & set(numbers) if self.held else ():
                del self.held[number]
            scatter(self.handle, numbers, contents, self.block)
            return
        away = []
        for place, number in enumerate(numbers):
            if number in self.held or len(self.held) < self.room:
                self.held[number] = contents[place * self.block : (place + 1) * self.block]
            else:
                away.append(place)
        parts = [contents[place * self.block : (place + 1) * self.block] for place in away]
        scatter(self.handle, [numbers[place] for place in away], b"".join(parts), self.block)

    def resize(self, size: int) -> None:
        """Let the file have `size` bytes; what was behind them is zeros when it grows again."""
        os.ftruncate(self.handle, size)
        for number in [number for number in self.held if (number + 1) * self.block > size]:
            kept = self.held.pop(number)[: max(0, size - number * self.block)]
            if kept:
                self.held[number] = kept.ljust(self.block, b"\0")

    def finish(self, size: int) -> None:
        """Write what is still in memory; the file has `size` bytes then."""
        numbers = sorted(self.held)
        step = max(1, self.room // 16)
        for first in range(0, len(numbers), step):
            some = numbers[first : first + step]
            scatter(self.handle, some, b"".join([self.held[number] for number in some]), self.block)
        self.held.clear()
        os.ftruncate(self.handle, size)
