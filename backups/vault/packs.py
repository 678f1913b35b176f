"""Packs: what a backup adds to those before it, in one immutable file named by its SHA-256 (B4).

A pack is a line `smsops pack 1`, a line of JSON (the header), and sealed segments, each behind its length (4 bytes, big
endian). A segment is, once opened: the number of its blocks' runs, the runs (first, how many; 4 bytes each), and one
zstd frame with the blocks. In a `delta` the parent's versions of the same blocks are the frame's dictionary, which
makes it ten times smaller; in a `key` pack there is none. The last segment is sealed as the last one.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from backups.errors import BackupDamaged
from backups.vault.blocks import Image, runs
from backups.vault.keys import Key, Keyring
from backups.vault.sealing import SALT_BYTES, Sealer

MAGIC = b"smsops pack 1\n"
SEGMENT_BYTES = 2 * 1024 * 1024  # of blocks; bounds the memory of writer and reader
# Measured: below 5 a frame does not find its dictionary; 9 is three times slower than 8 and 0.3 % smaller.
KEY_LEVEL, DELTA_LEVEL = 3, 8
PIECE = 256 * 1024
MOST = 64 * 1024 * 1024  # no segment is longer; a length above it is damage


@dataclass(frozen=True)
class Header:
    """What a pack is. `size` of the whole image in bytes; `parent` is the pack it builds on, empty for a `key` pack."""

    kind: str
    key: str
    salt: str
    block: int
    size: int
    parent: str

    def dumps(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode() + b"\n"


@dataclass(frozen=True)
class Segment:
    """Blocks, still packed: their numbers, and the frame that holds them."""

    numbers: list[int]
    frame: bytes

    def blocks(self, block: int, old: bytes) -> bytes:
        """Unpack them with the parent's versions of the same blocks (empty in a key pack)."""
        want = len(self.numbers) * block
        try:
            data = zstandard.ZstdDecompressor(dict_data=_prefix(old)).decompress(self.frame, max_output_size=want)
        except zstandard.ZstdError:
            raise BackupDamaged("a frame in one of its packs cannot be unpacked.") from None
        if len(data) != want:
            raise BackupDamaged("a frame in one of its packs has another length.")
        return data


def write(target: Path, header: Header, key: Key, image: Image, numbers: Sequence[int], parent: Image | None) -> str:
    """Write the blocks `numbers` of `image` as a pack, synced; return its digest.

    `parent` is the image of the header's parent, None for a key pack.
    """
    digest = hashlib.sha256()
    sealer = Sealer(key, bytes.fromhex(header.salt), header.dumps())
    per_segment = max(1, SEGMENT_BYTES // header.block)
    parts = [numbers[at : at + per_segment] for at in range(0, len(numbers), per_segment)] or [[]]
    with target.open("wb") as file:
        for piece in _pieces(header, sealer, image, parts, parent):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        # Ask the kernel to drop its copy, so that reading back asks the disk.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return digest.hexdigest()


def _pieces(
    header: Header, sealer: Sealer, image: Image, parts: list[Sequence[int]], parent: Image | None
) -> Iterator[bytes]:
    yield MAGIC + header.dumps()
    for at, numbers in enumerate(parts):
        old = parent.gather(numbers) if parent is not None else b""
        sealed = sealer.seal(_segment(numbers, image.gather(numbers), old), last=at == len(parts) - 1)
        yield struct.pack(">I", len(sealed))
        yield sealed


def _segment(numbers: Sequence[int], contents: bytes, old: bytes) -> bytes:
    spans = list(runs(numbers))
    listed = struct.pack(f">I{2 * len(spans)}I", len(spans), *(part for span in spans for part in span))
    level = DELTA_LEVEL if old else KEY_LEVEL
    params = zstandard.ZstdCompressionParameters.from_level(
        level, source_size=len(contents), dict_size=len(old), write_checksum=True, write_content_size=True
    )
    compressor = zstandard.ZstdCompressor(dict_data=_prefix(old), compression_params=params)
    return listed + compressor.compress(contents)


def _prefix(old: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(old, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if old else None


class Reader:
    """Reads one pack from a file, once, from the beginning: first its digest, then what is in it."""

    def __init__(self, file: BinaryIO, digest: str, keys: Keyring) -> None:
        self.file = file
        found = hashlib.sha256()
        while piece := self._read(PIECE):
            found.update(piece)
        if found.hexdigest() != digest:
            raise BackupDamaged(f"the pack {digest[:16]}… has another digest.")
        file.seek(0)
        if self._read(len(MAGIC)) != MAGIC:
            raise BackupDamaged("one of its packs has a form this version of smsops does not know.")
        line = file.readline(4096)
        try:
            self.header = Header(**json.loads(line))
            salt = bytes.fromhex(self.header.salt)
            sound = len(salt) == SALT_BYTES and self.header.block > 0 and self.header.size >= 0
        except (ValueError, TypeError, RecursionError):
            sound = False
        if not sound:
            raise BackupDamaged("the header of one of its packs cannot be read.")
        self.sealer = Sealer(keys.get(self.header.key), salt, line)

    def segments(self) -> Iterator[Segment]:
        """Every segment in order, opened; BackupDamaged at the first that is not as it was written."""
        following = self._sealed()
        if following is None:
            raise BackupDamaged("one of its packs ends too early.")
        while following is not None:
            sealed, following = following, self._sealed()
            yield _opened(self.sealer.open(sealed, last=following is None))

    def _read(self, size: int) -> bytes:
        try:
            return self.file.read(size)
        except OSError as error:
            raise BackupDamaged(f"one of its packs cannot be read ({error.strerror}).") from error

    def _sealed(self) -> bytes | None:
        length = self._read(4)
        if not length:
            return None
        size = struct.unpack(">I", length)[0] if len(length) == 4 else MOST + 1
        sealed = self._read(size) if size <= MOST else b""
        if len(sealed) != size:
            raise BackupDamaged("one of its packs ends too early.")
        return sealed


def _opened(data: bytes) -> Segment:
    try:
        (count,) = struct.unpack_from(">I", data)
        listed = struct.unpack_from(f">{2 * count}I", data, 4)
    except struct.error:
        raise BackupDamaged("a segment in one of its packs has another form.") from None
    spans = zip(listed[::2], listed[1::2], strict=True)
    return Segment([number for first, many in spans for number in range(first, first + many)], data[4 + 8 * count :])
