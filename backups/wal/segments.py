"""Files of the log: begun, appended to, and after a minute or a megabyte closed and never touched again.

A file is a line `smsops log 1`, a line of JSON (the header), and sealed records, each behind its length and the CRC of
that (4 bytes each, big endian). A closed one ends with its tally, sealed too, the length of that and `end` + newline.
The key is the file's own; a record is bound to the header and its number, and the header to the bytes of the file
before: nothing can be changed, left out, moved or exchanged. What a killed writer left half-written at the end of a
file is short, and counts as never written.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backups.errors import BackupDamaged
from backups.vault.keys import Key, Keyring
from backups.vault.sealing import SALT_BYTES
from backups.vault.shelf import Shelf
from backups.wal import records
from backups.wal.records import Record
from backups.wal.tally import Tally

MAGIC, END = b"smsops log 1\n", b"end\n"
LENGTH = 8  # bytes before a record
TAIL = 4 + len(END)
MOST = 256 * 1024 * 1024  # no record is longer
LAST = b"\xff" * 12


@dataclass(frozen=True)
class Link:
    """The file before: its number, and so many of its bytes with that SHA-256. All zero for the first."""

    number: int = 0
    bytes: int = 0
    digest: str = ""


@dataclass(frozen=True)
class Header:
    """What a file is: the `page` size in bytes, the id of the key, the salt of the file's own key, the file before."""

    generation: str
    number: int
    page: int
    key: str
    salt: str
    previous: Link

    def dumps(self) -> bytes:
        return MAGIC + json.dumps(asdict(self), sort_keys=True).encode() + b"\n"

    @staticmethod
    def loads(line: bytes) -> Header:
        """ValueError, TypeError or KeyError when it is none."""
        known = json.loads(line)
        header = Header(**{**known, "previous": Link(**known["previous"])})
        numbers = (header.number, header.page, header.previous.number, header.previous.bytes)
        if len(bytes.fromhex(header.salt)) != SALT_BYTES or not all(isinstance(each, int) for each in numbers):
            raise ValueError
        return header


class Seal:
    """Seals and opens the records of one file."""

    def __init__(self, key: Key, header: Header) -> None:
        derived = HKDF(SHA256(), 32, bytes.fromhex(header.salt), b"smsops log").derive(key.secret)
        self.cipher, self.bound = AESGCM(derived), header.dumps()

    def seal(self, number: int, data: bytes) -> bytes:
        """Seal the record with this number, once: never two under the same."""
        return self.cipher.encrypt(number.to_bytes(12, "big"), data, self.bound)

    def open(self, number: int, data: bytes) -> bytes:
        return self._open(number.to_bytes(12, "big"), data)

    def seal_tally(self, data: bytes) -> bytes:
        return self.cipher.encrypt(LAST, data, self.bound)

    def open_tally(self, data: bytes) -> bytes:
        return self._open(LAST, data)

    def _open(self, nonce: bytes, data: bytes) -> bytes:
        try:
            return self.cipher.decrypt(nonce, data, self.bound)
        except InvalidTag:
            raise BackupDamaged("a record in it cannot be opened.") from None


def framed(sealed: bytes) -> bytes:
    """A sealed record behind its length."""
    length = struct.pack(">I", len(sealed))
    return length + struct.pack(">I", zlib.crc32(length)) + sealed


def closing(sealed: bytes) -> bytes:
    """A sealed tally as the end of a file."""
    return framed(sealed) + struct.pack(">I", len(sealed)) + END


def name_of(generation: str, number: int) -> str:
    """Where a file of the log lies on its shelf."""
    return f"log/{generation}/{number:08d}.log"


@dataclass(frozen=True)
class Found:
    """A record in a file, where it begins, and where the next one would."""

    record: Record
    start: int
    end: int


class Segment:
    """A file of the log, to be read; open it with `with`. BackupDamaged for whatever is not as it was written."""

    def __init__(self, shelf: Shelf, keys: Keyring, generation: str, number: int) -> None:
        self.name, self.generation, self.number = name_of(generation, number), generation, number
        self.shelf, self.keys = shelf, keys

    def __enter__(self) -> Segment:
        try:
            self.file = self.shelf.open(self.name)
        except FileNotFoundError:
            raise BackupDamaged(f"The file {self.name} of the log is missing.") from None
        try:
            self.header = self._header(self.file)
            self.seal = Seal(self.keys.get(self.header.key), self.header)
        except BaseException:
            self.file.close()
            raise
        self.start = self.file.tell()
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _header(self, file: BinaryIO) -> Header:
        if file.read(len(MAGIC)) != MAGIC:
            raise self.damaged("it has a form this version of smsops does not know.")
        line = file.readline(4096)
        try:
            header = Header.loads(line)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self.damaged("its header cannot be read.") from None
        if header.dumps() != MAGIC + line or (header.generation, header.number) != (self.generation, self.number):
            raise self.damaged("its header is that of another one.")
        return header

    def damaged(self, why: str) -> BackupDamaged:
        return BackupDamaged(f"The file {self.name} of the log is damaged: {why}")

    def tally(self) -> Tally | None:
        """What is in a closed file, without reading it all; None for one that was not closed."""
        size = self.file.seek(0, os.SEEK_END)
        self.file.seek(max(self.start, size - TAIL))
        tail = self.file.read(TAIL)
        if len(tail) < TAIL or tail[4:] != END:
            return None
        (length,) = struct.unpack_from(">I", tail)
        if length + TAIL + LENGTH > size - self.start:
            raise self.damaged("its end is not as it was written.")
        self.file.seek(size - TAIL - length)
        return self._tally(self.file.read(length))

    def _tally(self, sealed: bytes) -> Tally:
        try:
            return Tally.loads(self.seal.open_tally(sealed))
        except BackupDamaged as error:
            raise self.damaged(error.message) from None
        except (ValueError, TypeError, KeyError) as error:
            raise self.damaged("its tally has another form.") from error

    def records(self, limit: int | None = None) -> Iterator[Found]:
        """Its records in order; `limit` is how many bytes of it count, where the next file says so.

        The bytes from the beginning to the end of what was yielded last are sound; `self.sound` has how many these
        are, with their digest in `self.digest`. Of the last file a half-written record at the end is passed over.
        """
        self.file.seek(0)
        self.digest = hashlib.sha256(self.file.read(self.start))
        self.sound, self.closed, counted = self.start, False, Tally()
        while (sealed := self._sealed(limit)) is not None:
            record = self._record(counted.records + 1, sealed)
            if record is None:
                known = self._tally(sealed)
                counted.until = known.until  # it was looked at after the last record
                if known != counted:
                    raise self.damaged("records are missing in it.")
                self._end(len(sealed))
                break
            start, self.sound = self.sound, self.sound + LENGTH + len(sealed)
            self.digest.update(framed(sealed))
            counted.add(record)
            yield Found(record, start, self.sound)
        if limit is not None and limit != self.sound:
            raise self.damaged("it ends too early.")
        self.counted = counted

    def _sealed(self, limit: int | None) -> bytes | None:
        """The next sealed piece; None at the end, or where only a part of it was written."""
        if limit is not None and self.sound >= limit:
            return None
        head = self.file.read(LENGTH)
        if len(head) < LENGTH or head == bytes(LENGTH):
            return None
        length, check = struct.unpack(">II", head)
        if zlib.crc32(head[:4]) != check or length > MOST:
            raise self.damaged("the length of a record is not as it was written.")
        sealed = self.file.read(length)
        return sealed if len(sealed) == length else None

    def _record(self, number: int, sealed: bytes) -> Record | None:
        """The record, or None where this is the tally."""
        try:
            return records.loads(self.seal.open(number, sealed))
        except BackupDamaged as error:
            try:
                self.seal.open_tally(sealed)
            except BackupDamaged:
                raise self.damaged(error.message) from None
            return None

    def _end(self, length: int) -> None:
        end = struct.pack(">I", length) + END
        if self.file.read() != end:
            raise self.damaged("its end is not as it was written.")
        self.file.seek(self.sound)
        self.digest.update(self.file.read())
        self.sound, self.closed = self.file.tell(), True
