"""The file a backup is built in is what plain writing would make of it, however much of it stays in memory."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from backups.vault import canvas
from backups.vault.canvas import Canvas

BLOCK = 512


class Plain:
    """The same file, in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def paint(self, numbers: list[int], contents: bytes) -> None:
        for place, number in enumerate(numbers):
            self.data += bytes(max(0, (number + 1) * BLOCK - len(self.data)))
            self.data[number * BLOCK : (number + 1) * BLOCK] = contents[place * BLOCK : (place + 1) * BLOCK]

    def resize(self, size: int) -> None:
        self.data = self.data[:size] + bytes(max(0, size - len(self.data)))

    def old(self, numbers: list[int]) -> bytes:
        return b"".join(bytes(self.data[number * BLOCK :][:BLOCK]).ljust(BLOCK, b"\0") for number in numbers)


@pytest.mark.parametrize("held", [0, 3, 1000])
def test_whatever_is_painted_the_file_is_what_plain_writing_makes(
    tmp_path: Path, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "HELD_BYTES", held * BLOCK)
    random, target = Random(held), tmp_path / "file"
    for _ in range(60):
        handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        ours, plain = Canvas(handle, BLOCK), Plain()
        for step in range(random.randrange(1, 12)):
            numbers = sorted(random.sample(range(30), random.randrange(12)))
            assert ours.old(numbers) == plain.old(numbers)
            contents, size = random.randbytes(len(numbers) * BLOCK), random.randrange(30 * BLOCK)
            ours.paint(numbers, contents, again=step > 0 and random.random() < 0.8)
            plain.paint(numbers, contents)
            ours.resize(size)
            plain.resize(size)
        ours.finish(size)
        os.close(handle)
        assert target.read_bytes() == plain.data


def test_no_more_than_the_bound_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "HELD_BYTES", 4 * BLOCK)
    with (tmp_path / "file").open("w+b") as file:
        ours = Canvas(file.fileno(), BLOCK)
        ours.paint(range(20), bytes(range(20)) * BLOCK, again=True)
        assert (len(ours.held), os.fstat(file.fileno()).st_size) == (4, 20 * BLOCK)
