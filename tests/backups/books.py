"""A vault into which one file goes again and again, what went in, and what may happen to files."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

from backups.vault.lines import PACKS
from backups.vault.manifest import Manifest
from backups.vault.store import Stored
from tests.backups.vaults import vault_at


def describer(name: str) -> Callable[[Stored], Manifest]:
    """Describes whatever is stored under that name."""

    def describe(stored: Stored) -> Manifest:
        facts = (stored.size, stored.stored_size, stored.block, stored.root, stored.packs)
        return Manifest(name, "demo", "sqlite", "x.db", "2026-03-01T12:30:00+00:00", "", *facts, "", "", "", "ok")

    return describe


def digest_of(content: bytes | bytearray) -> str:
    return hashlib.sha256(content).hexdigest()


class Book:
    """A vault, and what was put into it."""

    def __init__(self, folder: Path, seed: int = 1, blocks: int = 40) -> None:
        self.folder, self.vault, self.random = folder, vault_at(folder), Random(seed)
        self.states: dict[str, str] = {}  # digests of what went in
        self.content, self.block = bytearray(self.random.randbytes(blocks * 512)), 512

    def name(self) -> str:
        """That of the next backup."""
        return f"b{len(self.states):05d}"

    def add(self) -> Manifest:
        (self.folder / "snapshot").write_bytes(self.content)
        return self.add_file(self.folder / "snapshot")

    def add_file(self, path: Path) -> Manifest:
        name = self.name()
        self.states[name] = digest_of(path.read_bytes())
        return self.vault.write(name, path, self.block, describer(name))

    def right(self, name: str) -> bool:
        """Whether a backup is what went in."""
        self.vault.read(name, self.folder / "back")
        return digest_of((self.folder / "back").read_bytes()) == self.states[name]

    def change(self, most: int = 3) -> None:
        """Other content in a few blocks."""
        for _ in range(self.random.randrange(1, most + 1)):
            self.put(self.random.randrange(max(1, len(self.content) // self.block)))

    def put(self, number: int) -> None:
        at, end = number * self.block, min((number + 1) * self.block, len(self.content))
        self.content[at:end] = self.random.randbytes(end - at) if self.random.random() < 0.7 else bytes(end - at)

    def grow(self) -> None:
        self.content += bytes(self.random.randrange(3 * self.block)) + self.random.randbytes(self.random.randrange(900))

    def shrink(self) -> None:
        del self.content[max(1, len(self.content) - self.random.randrange(6 * self.block)) :]

    def replace(self) -> None:
        self.content = bytearray(self.random.randbytes(self.random.randrange(1, 60 * 512)))

    def use_another_block(self) -> None:
        self.block = self.random.choice([512, 1024, 4096])

    def lose_images(self) -> None:
        shutil.rmtree(self.vault.images.folder, ignore_errors=True)

    def rotate(self) -> None:
        self.vault.keys.rotate()

    def discard(self) -> None:
        """Let go of many, and sweep up."""
        listed = self.vault.identifiers()
        for name in self.random.sample(listed, len(listed) * self.random.randrange(10) // 10):
            self.vault.discard(name)
        self.vault.collect()

    def swept(self) -> bool:
        """Sweep up; whether there is nothing then but what the backups need."""
        self.vault.collect()
        needed = {pack for name in self.vault.identifiers() for pack in self.vault.manifest(name).packs}
        here = {path.stem for path in (self.vault.shelf.root / PACKS).rglob("*.pack")}
        return here == needed and not list(self.vault.shelf.incoming().iterdir())


def sweep(book: Book, gone: list[str]) -> None:
    """Let go of these backups, and of what only they needed."""
    for name in gone:
        book.vault.discard(name)
    book.vault.collect()


def turn(path: Path) -> Path:
    """The same path with nothing there, for something else to be made there."""
    path.unlink()
    return path


def flip(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)
