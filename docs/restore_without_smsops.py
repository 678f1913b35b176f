"""Restores a backup of smsops without smsops: with Python, this file, the vault and the keys.

    pip install cryptography zstandard
    python restore_without_smsops.py list    VAULT
    python restore_without_smsops.py restore VAULT KEYS BACKUP TARGET

VAULT   the environment's folder in the vault, the one with `backups` and `packs` in it
KEYS    an escrow file made with `ops vault export-keys`, or the folder of the keys
BACKUP  an identifier from the list, or `latest`
TARGET  the file to write; it must not exist

What it reads is described in restoring-without-smsops.md. Nothing in the vault is changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"smsops pack 1\n"
Keys = dict[str, bytes]


class Damaged(Exception):
    """The vault or a key is not what was written."""


def read_keys(place: Path) -> Keys:
    """Every key in an escrow file or in a folder of keys, by its id."""
    if place.is_dir():
        found = [json.loads(path.read_text()) for path in place.glob("*.json") if path.name != "escrowed.json"]
    else:
        found = json.loads(place.read_text())["keys"]
    keys = {each["id"]: base64.b64decode(each["key"]) for each in found}
    for name, key in keys.items():
        if hashlib.sha256(b"smsops key " + key).hexdigest()[:16] != name:
            raise Damaged(f"The key {name} is damaged.")
    return keys


def key_named(keys: Keys, name: str) -> bytes:
    if name not in keys:
        raise Damaged(f"The key {name} is not among those given.")
    return keys[name]


def derive(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, purpose).derive(key)


def read_manifest(vault: Path, name: str, keys: Keys) -> dict[str, Any]:
    """The manifest of a backup, its signature checked."""
    path = vault / "backups" / f"{name}.json"
    if not path.is_file():
        raise Damaged(f"There is no backup {name} in {vault}.")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    signed = data.pop("signature")
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    right = hmac.digest(derive(key_named(keys, data["key"]), b"", b"smsops manifest"), text.encode(), "sha256").hex()
    if not hmac.compare_digest(right, signed):
        raise Damaged(f"The manifest of {name} is not as it was written.")
    return data


def segments(pack: Path, digest: str, keys: Keys) -> Iterator[tuple[dict[str, Any], list[tuple[int, int]], bytes]]:
    """The segments of a pack: the pack's header, the runs of its blocks, and the packed blocks."""
    if not pack.is_file():
        raise Damaged(f"The pack {digest} is missing.")
    data = pack.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise Damaged(f"The pack {digest} is damaged.")
    if not data.startswith(MAGIC):
        raise Damaged(f"The pack {digest} has a form this program does not know.")
    at = data.index(b"\n", len(MAGIC)) + 1
    bound = data[len(MAGIC) : at]
    header = json.loads(bound)
    cipher = AESGCM(derive(key_named(keys, header["key"]), bytes.fromhex(header["salt"]), b"smsops pack"))
    number = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        sealed, at, number = data[at + 4 : at + 4 + length], at + 4 + length, number + 1
        try:
            place = b"last" if at >= len(data) else b"more"
            opened = cipher.decrypt(number.to_bytes(12, "big"), sealed, bound + place)
        except InvalidTag:
            raise Damaged(f"The pack {digest} cannot be opened.") from None
        (count,) = struct.unpack_from(">I", opened)
        flat = struct.unpack_from(f">{2 * count}I", opened, 4)
        yield header, list(zip(flat[::2], flat[1::2], strict=True)), opened[4 + 8 * count :]


def apply(handle: int, block: int, runs: list[tuple[int, int]], frame: bytes, *, on_parent: bool) -> None:
    """Write the blocks of one segment; where there is a parent, its blocks are in the file already."""
    old = b""
    if on_parent:
        old = b"".join(os.pread(handle, many * block, first * block).ljust(many * block, b"\0") for first, many in runs)
    prefix = zstandard.ZstdCompressionDict(old, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if old else None
    want = sum(many for _, many in runs) * block
    data = zstandard.ZstdDecompressor(dict_data=prefix).decompress(frame, max_output_size=want)
    for first, many in runs:
        piece, data = data[: many * block], data[many * block :]
        if os.pwrite(handle, piece, first * block) != len(piece):
            raise OSError("The disk is full.")


def root_of(handle: int, size: int, block: int) -> str:
    """The digest over the digests of all blocks."""
    whole = hashlib.sha256(f"smsops {block} {size} ".encode())
    for at in range(0, size, block):
        whole.update(hashlib.sha256(os.pread(handle, block, at).ljust(block, b"\0")).digest())
    return whole.hexdigest()


def restore(vault: Path, keys: Keys, name: str, target: Path) -> str:
    """Write the backup to `target`; returns a sentence. Raises Damaged, and leaves no file, when anything is wrong."""
    manifest = read_manifest(vault, latest(vault) if name == "latest" else name, keys)
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for digest in manifest["packs"]:
            pack = vault / "packs" / digest[:2] / f"{digest}.pack"
            for header, runs, frame in segments(pack, digest, keys):
                apply(handle, manifest["block"], runs, frame, on_parent=bool(header["parent"]))
            os.ftruncate(handle, header["size"])  # the next pack builds on a file of this size
        os.ftruncate(handle, manifest["size"])
        os.fsync(handle)
        if root_of(handle, manifest["size"], manifest["block"]) != manifest["root"]:
            raise Damaged("What was put together is not what was backed up.")
        if manifest["engine"] == "postgresql":
            unfold(handle)
    except BaseException:
        target.unlink()
        raise
    finally:
        os.close(handle)
    return f"Restored {manifest['identifier']}, taken {manifest['taken_at']}; every block is right."


def unfold(handle: int) -> None:
    """Turn the slots a dump of PostgreSQL was laid out in back into the dump (for `pg_restore`)."""
    head = json.loads(os.pread(handle, 512, 0).rstrip(b"\0"))
    slots = struct.iter_unpack(">II", os.pread(handle, 8 * head["parts"], 512))
    dump = b"".join(os.pread(handle, length, first * 512) for first, length in slots)
    if hashlib.sha256(dump).hexdigest() != head["digest"]:
        raise Damaged("What is in the slots is not the dump that was put there.")
    os.ftruncate(handle, 0)
    done = 0
    while done < len(dump):
        done += os.pwrite(handle, dump[done:], done)
    os.fsync(handle)


def names(vault: Path) -> list[str]:
    return sorted(path.stem for path in (vault / "backups").glob("*.json"))


def latest(vault: Path) -> str:
    if not names(vault):
        raise Damaged(f"There is no backup in {vault}.")
    return names(vault)[-1]


def main(words: list[str]) -> int:
    try:
        if words[:1] == ["list"] and len(words) == 2:
            print("\n".join(names(Path(words[1]))))
        elif words[:1] == ["restore"] and len(words) == 5:
            print(restore(Path(words[1]), read_keys(Path(words[2])), words[3], Path(words[4])))
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (Damaged, OSError, ValueError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
