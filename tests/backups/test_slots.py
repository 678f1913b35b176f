"""A dump in slots: it comes back exactly, and rows that come and go change few of its blocks."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from backups.errors import BackupDamaged
from backups.vault import slots
from backups.vault.blocks import Digests, Image
from tests.backups.databases import spoil


def rows(count: int, seed: int = 1) -> list[bytes]:
    random = Random(seed)
    return [b"%d\t%s\n" % (number, random.randbytes(20).hex().encode()) for number in range(count)]


def laid(folder: Path, name: str, content: bytes, before: Path | None = None) -> Path:
    (folder / "stream").write_bytes(content)
    slots.lay_out(folder / "stream", folder / name, before)
    return folder / name


def back(layout: Path) -> bytes:
    slots.unfold(layout, layout.with_name("back"))
    return layout.with_name("back").read_bytes()


def changed(before: Path, after: Path) -> int:
    """How many blocks are not as they were."""
    with Image(before, slots.BLOCK) as old, Image(after, slots.BLOCK) as new:
        return len(Digests.of(new).differing(Digests.of(old)))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_laid_out_comes_back_however_it_changed(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    lines, before = rows(random.randrange(3000), seed), None
    for turn in range(6):
        for _ in range(random.randrange(40)):
            at = random.randrange(len(lines) + 1)
            lines[at : at + random.randrange(2)] = [random.randbytes(random.randrange(300)) + b"\n"]
        random.shuffle(lines) if random.random() < 0.1 else None
        before = laid(tmp_path, f"layout{turn}", b"".join(lines), before)
        assert back(before) == b"".join(lines)


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 200_000, b"\0" * 5000 + b"\n" * 5000, b"one\n" * 40_000])
def test_a_stream_of_an_odd_shape_comes_back(tmp_path: Path, content: bytes) -> None:
    layout = laid(tmp_path, "layout", content)
    assert back(laid(tmp_path, "again", content + b"end", layout)) == content + b"end"


def test_a_row_that_goes_changes_a_few_blocks_and_not_all_behind_it(tmp_path: Path) -> None:
    lines = rows(20_000)
    before = laid(tmp_path, "before", b"".join(lines))
    after = laid(tmp_path, "after", b"".join(lines[:100] + lines[101:]), before)
    assert after.stat().st_size > 900_000
    assert 0 < changed(before, after) < 60  # its part, the head and the map


def test_rows_that_come_and_go_everywhere_leave_most_blocks_alone(tmp_path: Path) -> None:
    lines, random = rows(20_000), Random(3)
    before = laid(tmp_path, "before", b"".join(lines))
    for number in random.sample(range(20_000), 20):
        lines[number] = b"%d\tanother\n" % number
    after = laid(tmp_path, "after", b"".join(lines + rows(20, 9)), before)
    assert changed(before, after) < after.stat().st_size / slots.BLOCK / 4


def places(layout: Path) -> set[tuple[int, int]]:
    """Where its parts are, and how long."""
    with layout.open("rb") as file:
        return set(slots._map(file, slots.read_head(file)))


def test_a_changed_part_stays_where_it_was_even_if_another_one_outgrows_its_place(tmp_path: Path) -> None:
    lines = rows(20_000)
    before = laid(tmp_path, "before", b"".join(lines))
    for number in range(500, 20_000, 500):
        lines[number] = lines[number][:-8] + b"changed\n"
    lines[500] += b"x" * 1500 + b"\n"
    after = laid(tmp_path, "after", b"".join(lines), before)
    assert len(places(after) - places(before)) < 6


def test_a_layout_does_not_grow_when_the_same_amount_comes_and_goes(tmp_path: Path) -> None:
    random, lines, before = Random(5), rows(4000), None
    for turn in range(40):
        for number in random.sample(range(4000), 100):
            lines[number] = b"%d\t%s\n" % (number, random.randbytes(random.randrange(15, 25)).hex().encode())
        before = laid(tmp_path, f"layout{turn % 2}", b"".join(lines), before)
    assert before is not None
    assert before.stat().st_size < 2 * len(b"".join(lines))


def test_a_layout_before_that_is_damaged_or_none_at_all_does_no_harm(tmp_path: Path) -> None:
    content = b"".join(rows(2000))
    for nonsense in (b"", b"SQLite format 3\0" * 400, b'{"form": 3}', b"\xff" * 2000):
        (tmp_path / "nonsense").write_bytes(nonsense)
        assert back(laid(tmp_path, "layout", content, tmp_path / "nonsense")) == content
    before = laid(tmp_path, "before", content)
    for bit in range(0, 8 * before.stat().st_size, 70_001):
        spoil(before, bit)
    assert back(laid(tmp_path, "layout", content, before)) == content


def test_a_changed_bit_is_noticed_and_leaves_no_file(tmp_path: Path) -> None:
    content = b"".join(rows(500))
    unnoticed = []
    for bit in range(0, 8 * 20_000, 1013):
        layout = laid(tmp_path, "layout", content)
        spoil(layout, bit)
        try:
            if back(layout) != content:
                unnoticed.append(bit)
        except BackupDamaged:
            (tmp_path / "back").unlink(missing_ok=True)
    assert not unnoticed
    spoil(laid(tmp_path, "layout", content), 8 * 20_000)
    with pytest.raises(BackupDamaged):
        back(tmp_path / "layout")
    assert not (tmp_path / "back").exists()
