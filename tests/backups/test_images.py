"""Images at hand are worth nothing but time: whatever happens to them, the next backup is right."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from backups.vault.blocks import Image
from backups.vault.images import PERIOD, Images, parent_number, wanted_after
from backups.vault.manifest import Manifest
from backups.vault.store import Stored, Vault

BLOCK = 512


class Book:
    """A vault into which one file goes again and again."""

    def __init__(self, vault: Vault, folder: Path) -> None:
        self.vault, self.folder = vault, folder
        self.random = Random(1)
        self.content = bytearray(self.random.randbytes(40 * BLOCK))
        self.count = 0

    def add(self, changed: int = 2) -> Manifest:
        """Change some blocks, and back it up."""
        for _ in range(changed):
            at = self.random.randrange(len(self.content) // BLOCK) * BLOCK
            self.content[at : at + BLOCK] = self.random.randbytes(BLOCK)
        self.count += 1
        name, snapshot = f"b{self.count}", self.folder / "snapshot"
        snapshot.write_bytes(self.content)

        def describe(stored: Stored) -> Manifest:
            facts = (stored.size, stored.stored_size, stored.block, stored.root, stored.packs)
            return Manifest(name, "demo", "sqlite", "x.db", "2026-03-01T12:30:00+00:00", "", *facts, "", "", "", "ok")

        return self.vault.write(name, snapshot, BLOCK, describe)

    def comes_back(self) -> bool:
        """Whether the newest backup is what went in."""
        self.vault.read(f"b{self.count}", self.folder / "back")
        return (self.folder / "back").read_bytes() == self.content

    @property
    def index(self) -> Path:
        return self.vault.images.folder / "index.json"

    def files(self, kind: str) -> list[Path]:
        return sorted(self.vault.images.folder.glob(f"*.{kind}"))


@pytest.fixture
def book(vault: Vault, tmp_path: Path) -> Book:
    """After ten backups: the next one builds on the one before."""
    book = Book(vault, tmp_path)
    for _ in range(10):
        book.add()
    return book


def test_every_parent_of_the_next_six_hundred_is_among_those_at_hand() -> None:
    at_hand: set[int] = set()
    for number in range(600):
        parent = parent_number(number)
        assert parent is None or parent in at_hand
        at_hand = {each for each in at_hand | {number} if each in wanted_after(number)}
        assert number in at_hand
        assert len(at_hand) <= 3


def test_a_restore_reads_few_packs_and_a_line_has_an_end() -> None:
    depth: dict[int, int] = {}
    for number in range(2 * PERIOD):
        parent = parent_number(number)
        depth[number] = 1 if parent is None else depth[parent] + 1
    assert max(depth.values()) == 16
    assert [number for number in depth if depth[number] == 1] == [0, PERIOD]


@pytest.mark.parametrize(
    ("number", "parent"),
    [(0, None), (1, 0), (7, 6), (8, 0), (56, 48), (64, 0), (65, 64), (72, 64), (448, 0), (576, 512)],
)
def test_a_parent_is_the_one_before_the_eighth_before_or_the_start_of_the_line(number: int, parent: int | None) -> None:
    assert parent_number(number) == parent


def test_the_folder_holds_three_images_at_most_and_nothing_else(book: Book) -> None:
    (book.vault.images.folder / ".left").touch()
    for _ in range(140):
        book.add(1)
        names = {path.name for path in book.vault.images.folder.iterdir()}
        assert len(book.files("image")) == len(book.files("digests")) <= 3
        assert len(names) == 2 * len(book.files("image")) + 1


def test_a_strange_folder_among_the_images_does_not_let_them_pile_up(book: Book) -> None:
    (book.vault.images.folder / "lost+found").mkdir()
    for _ in range(20):
        book.add(1)
    assert len(book.files("image")) <= 3


def test_images_are_for_nobody_else_to_read(book: Book) -> None:
    assert book.vault.images.folder.stat().st_mode & 0o077 == 0


def test_without_damage_the_next_backup_adds_only_what_changed(book: Book) -> None:
    assert len(book.add().packs) > 1
    assert book.comes_back()


def entry(**changes: Any) -> str:
    whole = {"number": 0, "packs": ["ab" * 32], "block": BLOCK, "size": 40 * BLOCK, "root": "cd" * 32}
    return json.dumps({"images": [whole | changes]})


GARBAGE = ["", "{", "[]", "null", "3", '"x"', "{}", '{"images": 3}', '{"images": null}', '{"images": [3]}', "[" * 99999]
STRANGE: dict[str, list[Any]] = {
    "number": [None, "0", 1.5, -1, 7, 63, 511, 512, 10**30, [], float("nan")],
    "packs": [[], None, "ab", [None], [1], ["\0"], [["ab"]], ["../../x"], {}],
    "block": [None, 0, -1, "512", 1024, []],
    "size": [None, 0, -1, "20480", 1024, []],
    "root": [None, "", "a\0b", "../x", 7, "x" * 300],
    "more": [1],
}
FIELDS = [(field, value) for field, values in STRANGE.items() for value in values]


@pytest.mark.parametrize("text", [*GARBAGE, entry(), entry(more=1)])
def test_whatever_is_in_the_index_the_next_backup_is_right(book: Book, text: str) -> None:
    book.index.write_text(text)
    book.add()
    assert book.comes_back()


@pytest.mark.parametrize(("field", "value"), FIELDS, ids=repr)
def test_whatever_is_in_a_field_of_a_good_index_the_next_backup_is_right(book: Book, field: str, value: Any) -> None:
    listed = [asdict(each) | {field: value} for each in book.vault.images.kept()]
    book.index.write_text(json.dumps({"images": listed}))
    for _ in range(3):
        book.add()
        assert book.comes_back()


def test_a_flipped_bit_in_the_index_never_makes_a_wrong_backup(book: Book) -> None:
    random = Random(2)
    for _ in range(100):
        data = bytearray(book.index.read_bytes())
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        book.index.write_bytes(data)
        assert len(book.add(1).packs) <= 16
        assert book.comes_back()


def test_an_index_that_names_the_packs_of_another_image_never_makes_a_wrong_backup(book: Book) -> None:
    listed = [asdict(each) for each in book.vault.images.kept()]
    wrong = [each | {"packs": other["packs"]} for each, other in zip(listed, listed[::-1], strict=True)]
    book.index.write_text(json.dumps({"images": wrong}))
    book.add()
    assert book.comes_back()


def turn(path: Path) -> Path:
    """The same path with nothing there, for something else to be made there."""
    path.unlink()
    return path


DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a folder": lambda path: turn(path).mkdir(),
    "a link to itself": lambda path: turn(path).symlink_to(path),
}


@pytest.mark.parametrize("kind", ["image", "digests", "json"])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_beside_the_images_is_not_used(book: Book, kind: str, how: str) -> None:
    for path in book.files(kind):
        DAMAGE[how](path)
    assert len(book.add().packs) == 1
    assert book.comes_back()


def test_digests_with_a_flipped_bit_are_not_used(book: Book) -> None:
    for path in book.files("digests"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert len(book.add().packs) == 1
    assert book.comes_back()


def newest(book: Book) -> Path:
    """The image the next backup is compared with."""
    kept = book.vault.images.kept()[-1]
    assert parent_number(kept.number + 1) == kept.number
    return book.vault.images.path(kept)


def test_a_flipped_bit_in_a_block_that_stays_spoils_no_backup_wherever_it_is(book: Book) -> None:
    for at in range(0, 40 * BLOCK, 997):
        for path in book.files("image"):
            data = bytearray(path.read_bytes())
            data[at] ^= 1
            path.write_bytes(data)
        book.add(0)
        assert book.comes_back()


def test_a_flipped_bit_in_a_block_that_changes_is_noticed(book: Book) -> None:
    data = bytearray(newest(book).read_bytes())
    data[7 * BLOCK + 5] ^= 1
    newest(book).write_bytes(data)
    book.content[7 * BLOCK : 8 * BLOCK] = bytes(BLOCK)
    assert len(book.add(0).packs) == 1
    assert book.comes_back()


def test_damage_that_is_the_very_change_to_come_never_makes_a_wrong_backup(book: Book) -> None:
    """A power cut leaves zeros where the image was not on the disk yet, and then SMS wipes the same page."""
    data = bytearray(newest(book).read_bytes())
    data[7 * BLOCK : 8 * BLOCK] = book.content[7 * BLOCK : 8 * BLOCK] = bytes(BLOCK)
    newest(book).write_bytes(data)
    book.add(0)
    assert book.comes_back()


def test_an_image_on_a_disk_that_cannot_be_read_does_not_stop_the_next_backup(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather, folder = Image.gather, book.vault.images.folder

    def torn(image: Image, numbers: Sequence[int]) -> bytes:
        if image.path.parent == folder:
            raise OSError(errno.EIO, "Input/output error")
        return gather(image, numbers)

    monkeypatch.setattr(Image, "gather", torn)
    assert len(book.add().packs) == 1
    assert book.comes_back()


def test_cleared_images_leave_nothing_and_the_next_backup_stands_by_itself(book: Book) -> None:
    book.vault.images.clear()
    assert [path.name for path in book.vault.images.folder.iterdir()] == ["index.json"]
    assert len(book.add().packs) == 1
    assert book.comes_back()


def test_images_that_were_never_there_are_none(tmp_path: Path) -> None:
    assert Images(tmp_path / "nothing").kept() == []


@pytest.fixture
def far(vault: Vault, tmp_path: Path, disk: Path) -> Book:
    """Its images are on another disk, one of 2 MB."""
    vault.images.folder = disk / "images"
    return Book(vault, tmp_path)


def test_images_on_another_disk_are_used_as_well(far: Book) -> None:
    sizes = [far.add().stored_size for _ in range(3)]
    assert max(sizes[1:]) < sizes[0] / 3
    assert far.comes_back() and not (far.folder / "snapshot").exists()


def test_a_disk_without_room_for_an_image_spoils_no_backup_and_keeps_nothing_half(far: Book) -> None:
    far.content = bytearray(far.random.randbytes(8000 * BLOCK))
    far.add()
    assert far.comes_back()
    assert [path.name for path in far.vault.images.folder.iterdir()] == [path.name for path in far.files("digests")]
