"""Sealed segments open only where they were sealed: in that pack, at that place, all of them and no more."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from random import Random

import pytest

from backups.errors import BackupDamaged
from backups.vault import packs
from backups.vault.blocks import Image
from backups.vault.keys import Key, Keyring, identity_of
from backups.vault.sealing import Sealer, signature
from smsops.errors import OpsError

BLOCK, BLOCKS = 512, 10
PARTS = [b"first", b"", b"third" * 100, b"fourth"]


def made(text: str) -> Key:
    secret = hashlib.sha256(text.encode()).digest()
    return Key(identity_of(secret), secret)


KEY, SALT = made("a"), bytes(16)


def sealed(salt: bytes = SALT, key: Key = KEY, bound: bytes = b"head") -> list[bytes]:
    sealer = Sealer(key, salt, bound)
    return [sealer.seal(part, last=at == len(PARTS) - 1) for at, part in enumerate(PARTS)]


def opened(parts: list[bytes], key: Key = KEY, salt: bytes = SALT, bound: bytes = b"head") -> list[bytes]:
    sealer = Sealer(key, salt, bound)
    return [sealer.open(part, last=at == len(parts) - 1) for at, part in enumerate(parts)]


@dataclass
class Pack:
    """A pack taken apart: its head, and its segments, each with its length."""

    head: bytes
    parts: list[bytes]


class Bench:
    """Makes packs of five segments, takes them apart, and reads what was put together from the parts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keys = folder, Keyring(folder / "keys")
        (folder / "image").write_bytes(Random(1).randbytes(BLOCK * BLOCKS))

    def pack(self, salt: str = "00" * 16) -> Pack:
        key = self.keys.current()
        header = packs.Header("key", key.identity, salt, BLOCK, BLOCK * BLOCKS, "")
        with Image(self.folder / "image", BLOCK) as image:
            packs.write(self.folder / "pack", header, key, image, range(BLOCKS), None)
        data = (self.folder / "pack").read_bytes()
        at = data.index(b"\n", len(packs.MAGIC)) + 1
        head, parts = data[:at], []
        while at < len(data):
            end = at + 4 + struct.unpack_from(">I", data, at)[0]
            parts.append(data[at:end])
            at = end
        assert len(parts) == 5
        return Pack(head, parts)

    def read(self, head: bytes, parts: list[bytes]) -> bytes:
        """The blocks of such a pack, whose digest is right."""
        data = head + b"".join(parts)
        (self.folder / "other").write_bytes(data)
        with (self.folder / "other").open("rb") as file:
            reader = packs.Reader(file, hashlib.sha256(data).hexdigest(), self.keys)
            return b"".join(segment.blocks(BLOCK, b"") for segment in reader.segments())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(packs, "SEGMENT_BYTES", 2 * BLOCK)
    return Bench(tmp_path)


def test_what_was_sealed_opens_in_its_order() -> None:
    assert opened(sealed()) == PARTS


@pytest.mark.parametrize("order", [each for each in permutations(range(4)) if each != (0, 1, 2, 3)])
def test_no_other_order_opens(order: tuple[int, ...]) -> None:
    parts = sealed()
    with pytest.raises(BackupDamaged):
        opened([parts[at] for at in order])


def test_what_another_key_salt_or_header_sealed_does_not_open() -> None:
    for other in (sealed(salt=bytes(15) + b"\1"), sealed(key=made("b")), sealed(bound=b"heal"), sealed(bound=b"hea")):
        with pytest.raises(BackupDamaged):
            opened(other)


def test_a_flipped_bit_anywhere_in_a_segment_is_noticed() -> None:
    whole = Sealer(KEY, SALT, b"head").seal(b"content", last=True)
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BackupDamaged):
            opened([bytes(flipped)])


def test_a_segment_that_was_cut_off_is_noticed_wherever_it_was() -> None:
    whole = Sealer(KEY, SALT, b"head").seal(b"content", last=True)
    for length in range(len(whole)):
        with pytest.raises(BackupDamaged):
            opened([whole[:length]])


def test_one_that_is_not_the_last_does_not_open_as_the_last_nor_the_other_way_round() -> None:
    for last in (True, False):
        whole = Sealer(KEY, SALT, b"head").seal(b"content", last=last)
        with pytest.raises(BackupDamaged):
            Sealer(KEY, SALT, b"head").open(whole, last=not last)


def test_the_end_of_the_header_is_not_taken_for_the_word_behind_it() -> None:
    whole = Sealer(KEY, SALT, b"head\n").seal(b"content", last=True)
    for bound in (b"head\nlast", b"head", b""):
        with pytest.raises(BackupDamaged):
            Sealer(KEY, SALT, bound).open(whole, last=True)


def test_equal_segments_are_sealed_differently_at_every_place_and_in_every_pack() -> None:
    sealers = [Sealer(KEY, bytes([number]) * 16, b"head") for number in range(3)]
    found = [sealer.seal(b"content", last=False) for sealer in sealers for _ in range(5)]
    assert len(set(found)) == len(found)


def test_a_pack_put_together_as_it_was_is_read(bench: Bench) -> None:
    pack = bench.pack()
    assert bench.read(pack.head, pack.parts) == (bench.folder / "image").read_bytes()


@pytest.mark.parametrize("length", range(5))
def test_a_pack_cut_off_between_two_segments_is_noticed(bench: Bench, length: int) -> None:
    pack = bench.pack()
    with pytest.raises(BackupDamaged):
        bench.read(pack.head, pack.parts[:length])


WRONG: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "swapped": lambda parts: [parts[1], parts[0], *parts[2:]],
    "last two swapped": lambda parts: [*parts[:3], parts[4], parts[3]],
    "turned around": lambda parts: parts[::-1],
    "first dropped": lambda parts: parts[1:],
    "middle dropped": lambda parts: [*parts[:2], *parts[3:]],
    "doubled": lambda parts: [parts[0], *parts],
    "last doubled": lambda parts: [*parts, parts[-1]],
    "extended by itself": lambda parts: [*parts, *parts],
    "extended by nothing": lambda parts: [*parts, b"\0\0\0\0"],
    "extended by zeros": lambda parts: [*parts, struct.pack(">I", 16) + bytes(16)],
    "extended by half a length": lambda parts: [*parts, b"\0"],
    "two made one": lambda parts: [struct.pack(">I", len(parts[0] + parts[1]) - 8) + parts[0][4:] + parts[1][4:]],
}


@pytest.mark.parametrize("how", WRONG)
def test_a_pack_with_other_segments_is_noticed(bench: Bench, how: str) -> None:
    pack = bench.pack()
    with pytest.raises(BackupDamaged):
        bench.read(pack.head, WRONG[how](pack.parts))


@pytest.mark.parametrize("at", range(5))
def test_a_segment_of_another_pack_with_the_same_content_is_noticed(bench: Bench, at: int) -> None:
    pack, other = bench.pack(), bench.pack("11" * 16)
    with pytest.raises(BackupDamaged):
        bench.read(pack.head, [*pack.parts[:at], other.parts[at], *pack.parts[at + 1 :]])
    with pytest.raises(BackupDamaged):
        bench.read(other.head, pack.parts)


def test_every_field_of_the_header_is_bound(bench: Bench) -> None:
    pack = bench.pack()
    for field, other in ((b'"key"', b'"kez"'), (b"5120", b"5121"), (b"512,", b"511,"), (b"00", b"01"), (b'""', b'"x"')):
        assert field in pack.head
        with pytest.raises(OpsError):
            bench.read(pack.head.replace(field, other, 1), pack.parts)


def test_only_the_holder_of_the_key_signs_and_only_what_was_signed() -> None:
    right = signature(KEY, b"manifest")
    assert right == signature(made("a"), b"manifest")
    assert right not in {signature(KEY, b"manifesu"), signature(KEY, b""), signature(made("b"), b"manifest")}
