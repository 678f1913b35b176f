"""Blocks: what differs is found exactly, and what is put where it belongs makes the same file again."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from backups.vault import blocks
from backups.vault.blocks import Digests, Image, gather, runs, scatter

SIZES = [512, 1024, 4096, 65536]
CASES = 150


def cut(content: bytes, block: int) -> list[bytes]:
    """The blocks of a file, the plain way."""
    return [content[at : at + block].ljust(block, b"\0") for at in range(0, len(content), block)]


def different(new: bytes, old: bytes, block: int) -> list[int]:
    """What differs, the plain way."""
    before = cut(old, block)
    return [at for at, each in enumerate(cut(new, block)) if at >= len(before) or each != before[at]]


def root_of(content: bytes, block: int) -> str:
    digests = b"".join(hashlib.sha256(each).digest() for each in cut(content, block))
    return hashlib.sha256(f"smsops {block} {len(content)} ".encode() + digests).hexdigest()


def content_of(random: Random, length: int) -> bytes:
    return random.randbytes(length) if random.random() < 0.5 else bytes(length)


def other(random: Random, content: bytes, block: int) -> bytes:
    """Such a file a little later: some blocks changed, longer or shorter, its end anywhere."""
    found = bytearray(content)
    for _ in range(random.randrange(4)):
        if found:
            at = random.randrange(len(found))
            found[at : at + block] = content_of(random, len(found[at : at + block]))
    how = random.randrange(4)
    if how == 0:
        del found[random.randrange(len(found) + 1) :]
    elif how == 1:
        found += content_of(random, random.randrange(3 * block))
    return bytes(found)


class Pair:
    """Two files to be compared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def of(self, new: bytes, old: bytes, block: int) -> Iterator[tuple[Image, Image]]:
        (self.folder / "new").write_bytes(new)
        (self.folder / "old").write_bytes(old)
        with Image(self.folder / "new", block) as first, Image(self.folder / "old", block) as second:
            yield first, second


def cases(block: int) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of contents, new and old, of every shape; the same ones every time."""
    random = Random(block)
    most = 12 * block if block < 65536 else 5 * block
    for _ in range(CASES if block < 65536 else CASES // 5):
        old = content_of(random, random.choice([0, block, 3 * block, random.randrange(most)]))
        yield other(random, old, block), old


@pytest.fixture(params=SIZES)
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Every size of a block; batches are so small that there are several."""
    monkeypatch.setattr(blocks, "BATCH", 3 * request.param)
    return int(request.param)


def test_the_blocks_that_differ_are_exactly_those(block: int, tmp_path: Path) -> None:
    for new, old in cases(block):
        with Pair(tmp_path).of(new, old, block) as (first, second):
            assert Digests.of(first).differing(Digests.of(second)) == different(new, old, block)


def test_what_differs_put_onto_the_old_file_makes_the_new_one(block: int, tmp_path: Path) -> None:
    for new, old in cases(block):
        with Pair(tmp_path).of(new, old, block) as (first, second):
            numbers = Digests.of(first).differing(Digests.of(second))
            contents = first.gather(numbers)
        with (tmp_path / "old").open("rb+") as file:
            scatter(file.fileno(), numbers, contents, block)
            file.truncate(len(new))
        assert (tmp_path / "old").read_bytes() == new


def test_a_digest_over_everything_is_that_of_the_plain_way(block: int, tmp_path: Path) -> None:
    for new, old in cases(block):
        with Pair(tmp_path).of(new, old, block) as images:
            for image, content in zip(images, (new, old), strict=True):
                assert Digests.of(image).root(image.size, block) == root_of(content, block)


def test_any_blocks_are_gathered_and_scattered_where_they_belong(block: int, tmp_path: Path) -> None:
    random = Random(block + 1)
    for _, content in cases(block):
        (tmp_path / "file").write_bytes(content)
        numbers = sorted(random.sample(range(20), random.randrange(15)))
        want = [*cut(content, block), *[bytes(block)] * 20]
        with (tmp_path / "file").open("rb+") as file:
            assert gather(file.fileno(), numbers, block) == b"".join(want[number] for number in numbers)
            new = random.randbytes(len(numbers) * block)
            scatter(file.fileno(), numbers, new, block)
            assert gather(file.fileno(), numbers, block) == new
            rest = [number for number in range(20) if number not in numbers]
            assert gather(file.fileno(), rest, block) == b"".join(want[number] for number in rest)


def test_runs_are_the_numbers_again_and_as_few_as_can_be() -> None:
    random = Random(2)
    for _ in range(500):
        numbers = sorted(random.sample(range(60), random.randrange(60)))
        found = list(runs(numbers))
        assert [number for first, count in found for number in range(first, first + count)] == numbers
        assert len(found) == sum(number - 1 not in numbers for number in numbers)


@pytest.mark.parametrize("numbers", [range(0), range(5), range(7, 9), range(3, 4)])
def test_a_whole_stretch_is_one_run(numbers: range) -> None:
    assert list(runs(numbers)) == list(runs(list(numbers))) == ([(numbers[0], len(numbers))] if numbers else [])


def test_an_empty_file_has_no_blocks(block: int, tmp_path: Path) -> None:
    with Pair(tmp_path).of(b"", b"x", block) as (empty, some):
        assert (
            empty.count,
            Digests.of(empty).differing(Digests.of(some)),
            Digests.of(empty).differing(Digests.of(empty)),
        ) == (0, [], [])
        assert Digests.of(some).differing(Digests.of(empty)) == [0]
        assert Digests.of(empty).data == b""
        assert (empty.gather([]), empty.read(0, 0), empty.gather([3])) == (b"", b"", bytes(block))


def test_a_file_full_of_holes_is_one_full_of_zeros(block: int, tmp_path: Path) -> None:
    with Pair(tmp_path).of(bytes(9 * block), b"", block) as (zeros, _):
        (tmp_path / "holes").touch()
        os.truncate(tmp_path / "holes", 9 * block)
        with Image(tmp_path / "holes", block) as holes:
            assert (
                Digests.of(holes).differing(Digests.of(zeros)) == Digests.of(zeros).differing(Digests.of(holes)) == []
            )
            assert Digests.of(holes).data == Digests.of(zeros).data


def test_the_digest_over_everything_changes_with_any_bit(block: int, tmp_path: Path) -> None:
    random, content = Random(3), Random(4).randbytes(5 * block // 2)
    roots = {root_of(content, block)}
    for _ in range(30):
        changed = bytearray(content)
        changed[random.randrange(len(content))] ^= 1 << random.randrange(8)
        with Pair(tmp_path).of(bytes(changed), b"", block) as (image, _old):
            roots.add(Digests.of(image).root(image.size, block))
    assert len(roots) > 28  # the same bit may have been drawn twice


def test_the_digest_over_everything_changes_with_the_size_and_the_block(tmp_path: Path) -> None:
    roots = set()
    for size in (0, 1, 511, 512, 513, 1023, 1024):  # only zeros: blocks filled up look alike
        for block in (512, 1024, 4096):
            with Pair(tmp_path).of(bytes(size), b"", block) as (image, _):
                roots.add(Digests.of(image).root(image.size, block))
    assert len(roots) == 21


def test_the_digest_over_everything_changes_with_the_order(block: int, tmp_path: Path) -> None:
    first, second = Random(5).randbytes(block), Random(6).randbytes(block)
    with Pair(tmp_path).of(first + second, second + first, block) as (one, other_way):
        assert Digests.of(one).root(one.size, block) != Digests.of(other_way).root(one.size, block)


def test_blocks_match_their_digests_and_no_others_do(block: int, tmp_path: Path) -> None:
    content = Random(7).randbytes(4 * block)
    with Pair(tmp_path).of(content, b"", block) as (image, _):
        known = Digests.of(image)
        assert known.match([1, 3], image.gather([1, 3]), block)
        assert not known.match([1, 2], image.gather([1, 3]), block)
        assert not known.match([1, 3], image.gather([3, 1]), block)
        assert known.match([3, 9], image.gather([3, 9]), block)  # behind the end there are zeros
        assert not known.match([9], b"\1" + bytes(block - 1), block)
        assert not known.match([0], b"", block)
