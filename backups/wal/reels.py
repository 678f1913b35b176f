"""A file of the log read while it grows: each look finds the records that became whole since the last one."""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass

from backups.errors import BackupDamaged
from backups.wal import records
from backups.wal.log import Log
from backups.wal.segments import END, LENGTH, MOST, TAIL, Segment
from backups.wal.tally import Tally


@dataclass
class Reel:
    """How far a file was read: `at` bytes with `count` records, the last of them of `time` (ms); `closed` once its end
    was read, behind which nothing comes."""

    generation: str
    number: int
    at: int = 0
    count: int = 0
    time: int = 0
    closed: bool = False

    def read(self, log: Log, start: int, most: int, limit: int | None = None) -> bytes:
        """The bytes from `start` to behind the last whole record, synced, every record opened; about `most` at once.

        `limit` is how many bytes of the file count, where the next file says so. Raises BackupDamaged for what is not
        as it was written, KeyUnusable where it cannot be opened.
        """
        with log.segment(self.generation, self.number) as segment:
            size = os.fstat(segment.file.fileno()).st_size
            os.fdatasync(segment.file.fileno())  # what goes elsewhere is here for good
            end = size if limit is None else min(size, limit)
            if limit is not None:  # a header alone counts as soon as the next file was begun behind it
                self.at = max(self.at, segment.start)
            while not self.closed and self.at - start < most and self._step(segment, end):
                pass
            segment.file.seek(start)
            return segment.file.read(max(0, self.at - start))

    def _step(self, segment: Segment, size: int) -> bool:
        """Go on behind one more piece; False where no whole one comes."""
        at = max(self.at, segment.start)
        segment.file.seek(at)
        head = segment.file.read(LENGTH)
        if at + LENGTH > size or head == bytes(LENGTH):
            return False
        length, check = struct.unpack(">II", head)
        if zlib.crc32(head[:4]) != check or length > MOST:
            raise segment.damaged("the length of a record is not as it was written.")
        end = at + LENGTH + length
        return end <= size and self._take(segment, segment.file.read(length), end, size)

    def _take(self, segment: Segment, sealed: bytes, end: int, size: int) -> bool:
        try:
            record = records.loads(segment.seal.open(self.count + 1, sealed))
        except BackupDamaged as error:
            return self._finish(segment, sealed, end, size, error)
        self.at, self.count = end, self.count + 1
        self.time = max(self.time, record.since, *(entry.time for entry in record.entries))
        return True

    def _finish(self, segment: Segment, sealed: bytes, end: int, size: int, error: BackupDamaged) -> bool:
        """Go on behind the tally, with which a file ends. Raises BackupDamaged where this is none."""
        try:
            tally = Tally.loads(segment.seal.open_tally(sealed))
        except (BackupDamaged, ValueError, TypeError, KeyError):
            raise segment.damaged(error.message) from None
        if end + TAIL > size:
            return False  # it is being written
        if segment.file.read(TAIL) != struct.pack(">I", len(sealed)) + END or tally.records != self.count:
            raise segment.damaged("its end is not as it was written.")
        self.at, self.closed, self.time = end + TAIL, True, max(self.time, tally.until)
        return True
