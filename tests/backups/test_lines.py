"""The vault as a whole against a plain model of it: whatever happened, what is listed comes back exactly."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.lines import pack_name
from backups.vault.manifest import Manifest
from backups.vault.store import Stored
from smsops.errors import OpsError
from tests.backups.books import Book, describer, flip, sweep, turn
from tests.backups.databases import make
from tests.backups.vaults import manifest_file, pack_file

MOST_PACKS = 16


Life = dict[Callable[[Book], object], int]
GROWING: Life = {Book.change: 60, Book.grow: 10, Book.discard: 2, Book.rotate: 1}
BREATHING: Life = {Book.change: 60, Book.grow: 5, Book.shrink: 6}
WILD: Life = {Book.change: 60, Book.grow: 10, Book.shrink: 8, Book.replace: 2, Book.use_another_block: 1,
              Book.lose_images: 1, Book.rotate: 2, Book.discard: 3, Book.name: 10}  # fmt: skip


@pytest.mark.parametrize(("acts", "states"), [(GROWING, 150), (BREATHING, 150), (WILD, 600)])
def test_every_state_of_a_long_life_comes_back(tmp_path: Path, acts: Life, states: int) -> None:
    book = Book(tmp_path, 5, blocks=150)
    for _ in range(states):
        for act in book.random.choices(list(acts), list(acts.values()), k=book.random.randrange(1, 3)):
            act(book)
        assert len(book.add().packs) <= MOST_PACKS
        assert book.right(book.random.choice(book.vault.identifiers()))
    assert all(book.right(name) for name in book.vault.identifiers()[-100:])


def test_a_line_of_small_changes_begins_anew_after_512_and_only_then(tmp_path: Path) -> None:
    book, depths = Book(tmp_path, blocks=1600), []  # not half of them change
    for _ in range(520):
        book.change(1)
        depths.append(len(book.add().packs))
        assert depths[-1] == 1 or book.random.random() < 0.8 or book.right(book.random.choice(sorted(book.states)))
    assert [number for number, depth in enumerate(depths) if depth == 1] == [0, 512]
    assert (max(depths), depths[511]) == (MOST_PACKS, MOST_PACKS)
    assert book.right("b00511")


def test_a_file_that_shrank_and_grew_again_comes_back(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.add()
    whole = bytes(book.content)
    del book.content[-8 * 512 :]
    book.add()
    book.content += bytes(4 * 512) + whole[: 4 * 512]
    book.add()
    assert book.right("b00002")


def test_what_did_not_change_adds_no_pack(tmp_path: Path) -> None:
    book = Book(tmp_path)
    first = book.add()
    assert [book.add().packs for _ in range(20)] == [first.packs] * 20
    book.vault.discard("b00000")
    assert book.vault.collect() == 0
    assert book.right("b00020")


ACTS = [
    "INSERT INTO students (name) SELECT 'New ' || name FROM students LIMIT 40",
    "DELETE FROM students WHERE id % 3 = 1",
    "UPDATE grades SET mark = mark + 1 WHERE id % 7 = 0",
    "INSERT INTO noise VALUES (zeroblob(30000))",
    "INSERT INTO noise VALUES (randomblob(20000))",
    "DELETE FROM noise",
    "VACUUM",
    "PRAGMA page_size=1024; VACUUM",
    "PRAGMA page_size=4096; VACUUM",
    "CREATE INDEX IF NOT EXISTS by_name ON students (name)",
    "DROP INDEX IF EXISTS by_name",
]


@pytest.mark.parametrize("vacuum", ["NONE", "FULL"])
def test_every_state_of_a_real_database_comes_back(tmp_path: Path, vacuum: str) -> None:
    book, live = Book(tmp_path), make(tmp_path / "live.db", rows=500, journal="delete", filler=100_000)
    run(live, f"PRAGMA auto_vacuum={vacuum}; VACUUM")
    for _ in range(80):
        run(live, book.random.choice(ACTS))
        with live.open("rb") as file:
            book.block = int.from_bytes(file.read(18)[16:18], "big")
        book.add_file(Path(shutil.copy(live, tmp_path / "snapshot")))
    assert all(book.right(name) for name in book.vault.identifiers())


def run(database: Path, statements: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(statements)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Ten backups; the next one builds on the packs of the first and the ninth."""
    book = Book(tmp_path)
    for _ in range(10):
        book.change()
        book.add()
    return book


def of(book: Book, name: str) -> Path:
    return pack_file(book.vault, name)


def test_without_damage_the_next_backup_builds_on_the_earlier_ones(book: Book) -> None:
    assert len(book.add().packs) > 2


DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "flipped": lambda path: flip(path, path.stat().st_size // 2),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "a folder": lambda path: turn(path).mkdir(),
    "a link to itself": lambda path: turn(path).symlink_to(path),
}


@pytest.mark.parametrize("name", ["b00000", "b00008", "b00009"])
@pytest.mark.parametrize("how", DAMAGE)
def test_on_a_damaged_pack_nothing_is_built(book: Book, name: str, how: str) -> None:
    DAMAGE[how](of(book, name))
    book.change()
    assert len(book.add().packs) == 1
    assert book.right("b00010")


def test_on_a_pack_whose_key_is_lost_nothing_is_built(book: Book) -> None:
    """“Begin a new key with ops vault rotate-key” is what an operator is told; what comes after must be readable."""
    (book.vault.keys.folder / f"{book.vault.keys.current().identity}.json").unlink()
    book.vault.keys.rotate()
    with pytest.raises(KeyUnusable):
        book.right("b00009")
    book.change()
    book.add()
    assert book.right("b00010")


def test_a_backup_whose_packs_were_swept_up_meanwhile_never_appears(book: Book) -> None:
    """A worker that was taken for dead goes on, while another one tidies up."""
    (book.folder / "snapshot").write_bytes(book.content + b"more")

    def describe(stored: Stored) -> Manifest:
        assert book.vault.collect() == 1
        return describer("b00010")(stored)

    with contextlib.suppress(OpsError):
        book.vault.write("b00010", book.folder / "snapshot", 512, describe)
    assert "b00010" not in book.vault.identifiers()


def test_a_pack_on_a_disk_that_cannot_be_read_is_damage(book: Book) -> None:
    """Reading the memory of a process at 0 fails as a bad sector does."""
    turn(of(book, "b00009")).symlink_to("/proc/self/mem")
    with pytest.raises(BackupDamaged):
        book.right("b00009")
    assert book.right("b00008")


STRANGE = ["[" * 100_000, '{"format": 2, "key": 3, "signature": 3}', "3", "\ud800", "another signature"]


@pytest.mark.parametrize("text", STRANGE)
def test_whatever_is_in_a_manifest_it_is_said_in_a_sentence(book: Book, text: str) -> None:
    path = manifest_file(book.vault, "b00003")
    if text == "another signature":
        text = json.dumps(json.loads(path.read_text()) | {"signature": "ä" * 64}, ensure_ascii=False)
    path.write_bytes(text.encode(errors="surrogatepass"))
    for use in (book.vault.collect, lambda: book.right("b00003"), lambda: book.vault.relying_on("ab" * 32)):
        with contextlib.suppress(OpsError):
            use()
    assert book.right("b00009")


def synced(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[str]:
    """What `act` syncs and unlinks, in order, as “sync PATH” and “unlink PATH”."""
    found: list[str] = []
    fsync, unlink = os.fsync, Path.unlink

    def noted(handle: int) -> None:
        found.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink()}")
        fsync(handle)

    def gone(path: Path, missing_ok: bool = False) -> None:
        found.append(f"unlink {path}")
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", noted)
        patch.setattr(Path, "unlink", gone)
        act()
    return found


def test_a_power_cut_does_not_take_the_folders_of_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is safe only when the folder it stands in is synced, and so is that folder's own name."""
    book = Book(tmp_path)
    done = synced(monkeypatch, book.add)
    root, pack = book.vault.shelf.root, pack_file(book.vault, "b00000")
    wanted = [root / "backups", pack.parent, pack.parent.parent, root]
    assert [str(path) for path in wanted if f"sync {path}" not in done] == []


def test_a_power_cut_does_not_bring_back_a_backup_whose_packs_are_gone(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = of(book, "b00009")
    done = synced(monkeypatch, lambda: sweep(book, ["b00009"]))
    before = done[: done.index(f"unlink {pack}")]
    assert f"sync {book.vault.shelf.root / 'backups'}" in before


def depends(book: Book, name: str) -> set[Path]:
    """The files a backup needs."""
    vault, manifest = book.vault, book.vault.manifest(name)
    raw = json.loads(manifest_file(vault, name).read_text())
    paths = [vault.shelf.root / pack_name(pack) for pack in manifest.packs]
    heads = [json.loads(path.read_bytes().splitlines()[1]) for path in paths]
    keys = {vault.keys.folder / f"{each['key']}.json" for each in [raw, *heads]}
    return {*paths, *keys, manifest_file(vault, name)}


def harm(random: Random, path: Path) -> bool:
    """Change one byte of a file or cut it off; whether what it says is another thing now."""
    good = path.read_bytes()
    at = random.randrange(len(good))
    bad = good[:at]
    if random.random() < 0.8:
        bad += bytes([good[at] ^ random.randrange(1, 256)]) + good[at + 1 :]
    path.write_bytes(bad)
    return path.suffix == ".pack" or said(good) != said(bad)


def said(data: bytes) -> object:
    """What a manifest or key says that reading depends on: not its blanks, nor when the key was made."""
    with contextlib.suppress(ValueError, KeyError):
        fields = json.loads(data)
        if "made_at" not in fields:
            return fields
        return fields["id"], base64.b64decode(fields["key"], validate=True)
    return None


def test_three_hundred_harmed_files_are_each_noticed_and_spare_the_other_backups(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for number in range(20):
        book.rotate() if number % 6 == 5 else book.change()
        book.add()
    needs = {name: depends(book, name) for name in book.states}
    files = sorted(set().union(*needs.values()))
    for _ in range(300):
        path = book.random.choice(files)
        good, harmed = path.read_bytes(), harm(book.random, path)
        for name in book.random.sample(sorted(needs), 4):
            if path not in needs[name]:
                assert book.right(name)
            elif harmed:
                with pytest.raises(OpsError):
                    book.right(name)
            else:
                with contextlib.suppress(OpsError):
                    assert book.right(name)
        path.write_bytes(good)
