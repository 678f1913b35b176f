"""Whole files, compressed and sealed with the vault's keys: an envelope holds one stream, and says what it is.

An envelope is a line `smsops envelope 1`, a line of JSON (the head), and sealed pieces, each behind its length (4
bytes, big endian); a piece is one zstd frame. It appears in one step, when it is complete and on the disk.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from backups.errors import BackupDamaged
from backups.vault.keys import Keyring
from backups.vault.sealing import SALT_BYTES, Sealer
from backups.vault.shelf import sync_folder

MAGIC = b"smsops envelope 1\n"
PIECE = 1024 * 1024
LEVEL = 3
MOST = 2 * PIECE  # no sealed piece is longer


def seal(source: BinaryIO, target: Path, keys: Keyring, about: dict[str, str]) -> int:
    """Put a stream into the new envelope `target`; return its size in bytes. `about` is bound to it, not hidden."""
    key, salt = keys.current(), secrets.token_bytes(SALT_BYTES)
    head = json.dumps({"key": key.identity, "salt": salt.hex(), "about": about}, sort_keys=True).encode() + b"\n"
    sealer, packer = Sealer(key, salt, head), zstandard.ZstdCompressor(level=LEVEL)
    private = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with private.open("wb") as file:
            file.write(MAGIC + head)
            piece = source.read(PIECE)
            while True:
                following = source.read(PIECE)
                sealed = sealer.seal(packer.compress(piece), last=not following)
                file.write(struct.pack(">I", len(sealed)) + sealed)
                if not following:
                    break
                piece = following
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        private.replace(target)
        sync_folder(target.parent)
    finally:
        private.unlink(missing_ok=True)
    return size


def unseal(path: Path, keys: Keyring, about: dict[str, str]) -> Iterator[bytes]:
    """The stream in an envelope, piece by piece. Raises BackupDamaged at the first that is not as it was sealed, and
    when the envelope is not the one that was asked for."""
    with path.open("rb") as file:
        if file.readline(100) != MAGIC:
            raise BackupDamaged(f"{path.name} is no envelope of smsops.")
        line = file.readline(4096)
        try:
            head = json.loads(line)
            salt, identity, said = bytes.fromhex(head["salt"]), str(head["key"]), head["about"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise BackupDamaged(f"The head of {path.name} cannot be read.") from None
        if said != about:
            raise BackupDamaged(f"{path.name} holds something else than it is called.")
        sealer, unpacker = Sealer(keys.get(identity), salt, line), zstandard.ZstdDecompressor()
        following = _next(file, path)
        while following is not None:
            sealed, following = following, _next(file, path)
            yield unpacker.decompress(sealer.open(sealed, last=following is None), max_output_size=PIECE)


def _next(file: BinaryIO, path: Path) -> bytes | None:
    length = file.read(4)
    if not length:
        return None
    size = struct.unpack(">I", length)[0] if len(length) == 4 else MOST + 1
    sealed = file.read(size) if size <= MOST else b""
    if len(sealed) != size:
        raise BackupDamaged(f"{path.name} ends too early.")
    return sealed
