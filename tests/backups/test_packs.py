"""Packs: what went in comes out, nothing else ever does, and nobody reads them without the key."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from backups.errors import BackupDamaged
from backups.vault import packs
from backups.vault.blocks import Image
from backups.vault.keys import Keyring
from smsops.errors import OpsError

DICTIONARY = b"\x37\xa4\x30\xec"  # how a trained dictionary of zstd begins; a page may begin with it too
SALT = "5a" * 16


class Bench:
    """Packs blocks of one file, with those of another as its parent, and unpacks them."""

    def __init__(self, folder: Path) -> None:
        self.keys, self.path = Keyring(folder / "keys"), folder / "pack"
        self.new, self.old = folder / "new", folder / "old"
        self.parent = False

    def write(self, new: bytes, numbers: Sequence[int], old: bytes | None = None, block: int = 512) -> str:
        self.new.write_bytes(new)
        self.old.write_bytes(old or b"")
        self.parent, self.block = old is not None, block
        key = self.keys.current()
        kind, parent = ("delta", "ab" * 32) if self.parent else ("key", "")
        header = packs.Header(kind, key.identity, SALT, block, len(new), parent)
        with Image(self.new, block) as image, Image(self.old, block) as before:
            return packs.write(self.path, header, key, image, numbers, before if self.parent else None)

    def read(self, digest: str = "") -> tuple[list[int], bytes]:
        """The numbers of its blocks, and their contents; `digest` is what the file has where none is given."""
        numbers, contents = [], b""
        with self.path.open("rb") as file, Image(self.old, self.block) as before:
            digest = digest or hashlib.sha256(self.path.read_bytes()).hexdigest()
            for segment in packs.Reader(file, digest, self.keys).segments():
                old = before.gather(segment.numbers) if self.parent else b""
                contents += segment.blocks(self.block, old)
                numbers += segment.numbers
        return numbers, contents


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def small(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, str]:
    """A pack of three segments, less than a kilobyte of it, and its digest."""
    monkeypatch.setattr(packs, "SEGMENT_BYTES", 1024)
    new = b"".join(bytes([number]) * 512 for number in range(10))
    return bench, bench.write(new, [0, 1, 2, 5, 9], bytes(5120))


def content(random: Random, length: int) -> bytes:
    """Text, noise, zeros, or what looks like a dictionary."""
    kinds = [bytes(length), random.randbytes(length), (b"student %d " % random.randrange(99)) * (length // 9 + 1)]
    return (DICTIONARY * random.randrange(2) + random.choice(kinds))[:length].ljust(length, b"\0")


@pytest.mark.parametrize("block", [512, 1024, 4096, 65536])
@pytest.mark.parametrize("delta", [False, True], ids=["key", "delta"])
def test_any_blocks_come_out_as_they_went_in(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, block: int, delta: bool
) -> None:
    random = Random(block)
    for _ in range(25 if block < 65536 else 6):
        monkeypatch.setattr(packs, "SEGMENT_BYTES", random.choice([1, block, 3 * block, 4 << 20]))
        new = b"".join(content(random, block) for _ in range(random.randrange(15))) + bytes(random.randrange(block))
        old = b"".join(content(random, block) for _ in range(random.randrange(15))) if delta else None
        numbers = sorted(random.sample(range(15), random.randrange(15)))
        want = b"".join(new[number * block : (number + 1) * block].ljust(block, b"\0") for number in numbers)
        assert bench.read(bench.write(new, numbers, old, block)) == (numbers, want)


def test_a_whole_stretch_in_several_segments_comes_out(bench: Bench) -> None:
    new = Random(1).randbytes(9 << 20)
    digest = bench.write(new, range(len(new) // 4096), block=4096)
    assert bench.read(digest) == (list(range(len(new) // 4096)), new)


def test_no_blocks_at_all_come_out_as_none(bench: Bench) -> None:
    for old in (None, b"", bytes(512)):
        for new in (b"", bytes(100)):
            assert bench.read(bench.write(new, [], old)) == ([], b"")


def test_a_delta_of_blocks_like_their_parents_is_small(bench: Bench) -> None:
    old = Random(2).randbytes(400 * 4096)
    new = bytearray(old)
    for number in range(400):
        new[number * 4096 + 99] ^= 1
    bench.write(bytes(new), range(400), old, 4096)
    assert bench.path.stat().st_size < len(new) // 50


def test_two_packs_of_the_same_have_the_name_of_what_is_in_the_file(bench: Bench) -> None:
    digest = bench.write(bytes(512), [0])
    assert digest == hashlib.sha256(bench.path.read_bytes()).hexdigest()


def test_a_pack_says_what_it_is(small: tuple[Bench, str]) -> None:
    bench, digest = small
    with bench.path.open("rb") as file:
        header = packs.Reader(file, digest, bench.keys).header
    key = bench.keys.current().identity
    assert header == packs.Header("delta", key, SALT, 512, 5120, "ab" * 32)


def test_a_changed_byte_is_noticed_wherever_it_is(small: tuple[Bench, str]) -> None:
    bench, digest = small
    good = bench.path.read_bytes()
    assert len(good) < 1024
    for at, byte in enumerate(good):
        bench.path.write_bytes(good[:at] + bytes([byte ^ 1 << at % 8]) + good[at + 1 :])
        with pytest.raises(BackupDamaged, match="another digest"):
            bench.read(digest)


def test_every_flipped_bit_is_noticed_even_where_the_digest_is_made_to_fit(small: tuple[Bench, str]) -> None:
    bench, _ = small
    good = bench.path.read_bytes()
    for bit in range(len(good) * 8):
        at = bit // 8
        bench.path.write_bytes(good[:at] + bytes([good[at] ^ 1 << bit % 8]) + good[at + 1 :])
        with pytest.raises(OpsError):
            bench.read()


def test_a_cut_is_noticed_wherever_it_is(small: tuple[Bench, str]) -> None:
    bench, digest = small
    good = bench.path.read_bytes()
    for length in range(len(good)):
        bench.path.write_bytes(good[:length])
        with pytest.raises(BackupDamaged, match="another digest"):
            bench.read(digest)


def test_a_cut_is_noticed_even_where_the_digest_is_made_to_fit(small: tuple[Bench, str]) -> None:
    bench, _ = small
    good, unnoticed = bench.path.read_bytes(), []
    for length in range(len(good)):
        bench.path.write_bytes(good[:length])
        try:
            unnoticed.append((good[length - 1 :][:1], bench.read()))
        except BackupDamaged:
            continue
    assert unnoticed == []


def test_what_was_put_behind_the_end_is_noticed(small: tuple[Bench, str]) -> None:
    bench, digest = small
    good = bench.path.read_bytes()
    for more in (b"\0", bytes(4), b"\n", struct.pack(">I", 16) + bytes(16), good, good[-60:]):
        bench.path.write_bytes(good + more)
        with pytest.raises(BackupDamaged):
            bench.read()
        with pytest.raises(BackupDamaged):
            bench.read(digest)


def test_a_length_that_cannot_be_is_not_read_into_memory(bench: Bench) -> None:
    bench.write(bytes(512), [0])
    good = bench.path.read_bytes()
    head = good[: good.index(b"\n", len(packs.MAGIC)) + 1]
    bench.path.write_bytes(head + struct.pack(">I", packs.MOST + 1) + bytes(packs.MOST + 1))
    with pytest.raises(BackupDamaged, match="ends too early"):
        bench.read()


@pytest.mark.parametrize("kind", ["text", "noise", "zeros"])
@pytest.mark.parametrize("delta", [False, True], ids=["key", "delta"])
def test_nothing_of_the_content_is_in_the_clear(bench: Bench, kind: str, delta: bool) -> None:
    random = Random(3)
    text = b"".join(b"Student %06d " % random.randrange(10**6) for _ in range(300))
    new = {"text": text, "noise": random.randbytes(4096), "zeros": bytes(4096)}[kind]
    bench.write(new, range(8), random.randbytes(4096) if delta else None)
    stored = bench.path.read_bytes()
    assert b"\x28\xb5\x2f\xfd" not in stored  # how a zstd frame begins
    sealed = stored[stored.index(b"\n", len(packs.MAGIC)) + 5 :]
    assert not [at for at in range(len(new) - 6) if new[at : at + 6] in sealed]


def test_a_delta_put_onto_another_parent_is_noticed(bench: Bench) -> None:
    random = Random(4)
    old = random.randbytes(4096)
    new = old[:2000] + random.randbytes(96) + old[2096:]
    digest = bench.write(new, range(8), old)
    for bad in (bytes(4096), old[:1] + old[:-1], old[:2500] + bytes([old[2500] ^ 1]) + old[2501:], b""):
        bench.old.write_bytes(bad)
        with pytest.raises(BackupDamaged):
            bench.read(digest)


def test_a_pack_sealed_with_a_key_that_is_not_here_names_the_key(small: tuple[Bench, str]) -> None:
    bench, digest = small
    key = bench.keys.current()
    (bench.keys.folder / f"{key.identity}.json").unlink()
    with pytest.raises(OpsError, match=f"The key {key.identity} is not in"):
        bench.read(digest)


@pytest.mark.parametrize("head", [b"", b"{}", b"[]", b"null", b"\xff", b"{" * 5000, b'{"kind": "key"}', b"[" * 100_000])
def test_a_header_that_is_none_is_noticed(bench: Bench, head: bytes) -> None:
    bench.write(bytes(512), [0])
    bench.path.write_bytes(packs.MAGIC + head + b"\n")
    with pytest.raises(BackupDamaged):
        bench.read()


def test_what_is_no_pack_is_noticed(bench: Bench) -> None:
    bench.write(bytes(512), [0])
    for content in (b"", b"SQLite format 3\0" * 40, b"smsops pack 2\n", packs.MAGIC, bytes(5000)):
        bench.path.write_bytes(content)
        with pytest.raises(BackupDamaged):
            bench.read()
