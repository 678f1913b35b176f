"""Every kind of damage to a stored backup is noticed when it is read, and nothing of it is left behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from backups import selectors
from backups.engines.sqlite import SqliteEngine
from backups.errors import BackupDamaged, KeyUnusable
from backups.models import Backup
from backups.services import backups, restores, storing
from smsops.models import RunState
from smsops.runs.plan import By
from tests.backups.databases import make, spoil
from tests.backups.vaults import manifest_file, pack_file, pack_of, vault_at
from tests.places import Place, drive

FLIPS, CUTS = 60, 20


class Stored:
    """One backup in a vault, to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.vault = vault_at(folder)
        origin = storing.Origin("demo", "school.db", datetime(2026, 3, 1, tzinfo=UTC), "manual", run=1)
        database = make(folder / "school.db", filler=20_000)
        self.name = storing.store(self.vault, SqliteEngine(), database, origin).identifier
        self.file = pack_file(self.vault, self.name)
        self.manifest = manifest_file(self.vault, self.name)
        self.target = folder / "back.db"
        self.good = self.file.read_bytes()

    def refuses(self) -> str:
        """Read it; return what is said about the damage."""
        with pytest.raises(BackupDamaged) as caught:
            self.vault.read(self.name, self.target)
        assert not self.target.exists()
        return str(caught.value)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(tmp_path)


def test_a_flipped_bit_is_noticed_wherever_it_is(stored: Stored) -> None:
    random = Random(11)
    for _ in range(FLIPS):
        stored.file.write_bytes(stored.good)
        spoil(stored.file, random.randrange(6 * 8, len(stored.good) * 8))
        assert "damaged" in stored.refuses()


def test_a_file_that_was_cut_off_is_noticed_wherever_it_was(stored: Stored) -> None:
    random = Random(12)
    for length in [0, 1, 4, 9, *(random.randrange(10, len(stored.good) - 4) for _ in range(CUTS - 4))]:
        stored.file.write_bytes(stored.good[:length])
        assert "damaged" in stored.refuses()


def test_an_untouched_backup_is_not_called_damaged(stored: Stored) -> None:
    stored.file.write_bytes(stored.good)
    assert stored.vault.read(stored.name, stored.target).identifier == stored.name


@pytest.mark.parametrize("content", [b"\0" * 5000, b"SQLite format 3\0" * 300])
def test_another_content_of_the_file_is_noticed(stored: Stored, content: bytes) -> None:
    stored.file.write_bytes(content)
    assert "damaged" in stored.refuses()


def test_the_file_of_another_backup_is_noticed(stored: Stored, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Stored(tmp_path / "other")
    database = make(tmp_path / "later.db", rows=51, filler=20_000)
    origin = storing.Origin("demo", "school.db", datetime(2026, 3, 2, tzinfo=UTC), "manual", run=2)
    later = storing.store(other.vault, SqliteEngine(), database, origin).identifier
    stored.file.write_bytes(pack_file(other.vault, later).read_bytes())
    assert "damaged" in stored.refuses()


def test_a_missing_manifest_means_there_is_no_such_backup(stored: Stored) -> None:
    stored.manifest.unlink()
    assert f"{stored.name} is not in the vault" in stored.refuses()
    assert stored.vault.identifiers() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}", '{"format": 1}', "\x00\x01"])
def test_a_damaged_manifest_is_noticed(stored: Stored, text: str) -> None:
    stored.manifest.write_text(text)
    assert "manifest" in stored.refuses()


def test_a_manifest_that_is_no_text_is_noticed(stored: Stored) -> None:
    stored.manifest.write_bytes(b"\xff\xfe\x00")
    assert "manifest" in stored.refuses()


def test_a_manifest_of_a_later_format_is_not_guessed_at(stored: Stored) -> None:
    write(stored, format=3)
    assert "has format 3; this smsops knows format 2" in stored.refuses()


CHANGES: dict[str, Any] = {"size": 1, "root": "0" * 64, "row_counts": {}, "packs": [], "reason": "deploy"}


@pytest.mark.parametrize("field", CHANGES)
def test_a_manifest_that_does_not_fit_its_file_is_noticed(stored: Stored, field: str) -> None:
    write(stored, **{field: CHANGES[field]})
    assert "The backup's manifest is not as it was written." in stored.refuses()


@pytest.mark.parametrize("field", ["root", "taken_at", "row_counts", "signature", "key"])
def test_a_manifest_that_lacks_or_adds_something_is_noticed(stored: Stored, field: str) -> None:
    whole = stored.manifest.read_text()
    data = json.loads(whole)
    stored.manifest.write_text(json.dumps(data | {f"{field}_too": 1}))
    assert "manifest" in stored.refuses()
    if field != "row_counts":
        stored.manifest.write_text(json.dumps({name: value for name, value in data.items() if name != field}))
        assert "manifest" in stored.refuses()


def write(stored: Stored, **changes: Any) -> None:
    stored.manifest.write_text(json.dumps(json.loads(stored.manifest.read_text()) | changes))


def test_a_wrong_byte_in_the_name_of_the_key_is_a_damaged_manifest_and_no_lost_key(stored: Stored) -> None:
    whole = json.loads(stored.manifest.read_text())
    for at, wrong in itertools.product(range(16), "0z"):
        key = whole["key"][:at] + wrong + whole["key"][at + 1 :]
        if key != whole["key"]:
            stored.manifest.write_text(json.dumps(whole | {"key": key}))
            assert "manifest is damaged" in stored.refuses()


def test_a_manifest_whose_key_is_nowhere_says_both_that_it_may_be(stored: Stored) -> None:
    write(stored, key="0123456789abcdef", size=1)
    with pytest.raises(KeyUnusable, match="it is lost, or the manifest names a wrong one") as caught:
        stored.vault.manifest(stored.name)
    assert "The key 0123456789abcdef is not in" in caught.value.message


BY = By(name="test")


def test_a_missing_database_file_is_damage(tmp_path: Path) -> None:
    stored = Stored(tmp_path)
    stored.file.unlink()
    with pytest.raises(BackupDamaged, match=stored.name):
        stored.vault.read(stored.name, stored.target)


@pytest.mark.parametrize("bit", range(6 * 8))
def test_a_flipped_bit_in_the_header_is_noticed(tmp_path: Path, bit: int) -> None:
    stored = Stored(tmp_path)
    spoil(stored.file, bit)
    with pytest.raises(BackupDamaged):
        stored.vault.read(stored.name, stored.target)


@pytest.mark.parametrize("length", [-1, -4, 3])
def test_a_file_of_another_length_is_noticed(tmp_path: Path, length: int) -> None:
    stored = Stored(tmp_path)
    stored.file.write_bytes(stored.good[:length] if length < 0 else stored.good + b"\0" * length)
    with pytest.raises(BackupDamaged):
        stored.vault.read(stored.name, stored.target)


def saved(place: Place) -> Backup:
    return Backup.objects.get(run=place.back_up())


def test_a_verification_notes_that_the_database_file_is_missing(process_place: Place) -> None:
    backup = saved(process_place)
    pack_of(backup).unlink()
    drive(backups.verify(backup, BY))
    backup.refresh_from_db()
    assert backup.damage
    assert selectors.latest_good(process_place.environment) is None


def test_the_manifest_of_another_backup_is_not_taken_for_this_one(native_sms: Place) -> None:
    wanted = saved(native_sms)
    native_sms.execute("DELETE FROM grades")
    vault = selectors.vault_of(native_sms.environment)
    shutil.copy(manifest_file(vault, saved(native_sms).identifier), manifest_file(vault, wanted.identifier))
    run = drive(restores.start(wanted, BY))
    assert run.state == RunState.SAFE, run.headline


def test_damage_is_not_excused_by_rows_that_point_to_nothing(process_place: Place) -> None:
    process_place.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES students, mark TEXT)")
    process_place.execute("INSERT INTO child VALUES (1, 987654, 'a'), (2, 987655, 'b')")
    process_place.execute("CREATE INDEX by_mark ON child (mark)")
    with contextlib.closing(sqlite3.connect(process_place.database)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, '(mark)', '(parent)') WHERE name = 'by_mark'")
    backup = saved(process_place)
    drive(backups.verify(backup, BY))
    backup.refresh_from_db()
    assert "by_mark" in backup.damage
