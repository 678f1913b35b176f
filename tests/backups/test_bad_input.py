"""What nobody should give us, and what happens then: one clear sentence, in bounded time, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups import selectors
from backups.engines.sqlite import SqliteEngine
from backups.models import Backup
from backups.services import housekeeping, storing
from backups.vault.store import Vault
from deployments import versions
from incidents.selectors import statuses
from smsops.errors import OpsError
from smsops.models import RunState
from tests.backups.databases import change, make
from tests.backups.vaults import ORIGIN, TAKEN, store, vault_at
from tests.places import Place

TEN_GB = 10 * 1024**3
SOON = 20.0  # seconds


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    """A database without a log, so that its file is all there is."""
    return make(tmp_path / "school.db", journal="delete")


# --- databases ------------------------------------------------------------------------------------------------------


def test_ten_gigabytes_of_holes_behind_a_database_cost_nothing(quiet: Path, tmp_path: Path) -> None:
    """SQLite knows where its database ends; only that is copied."""
    size = quiet.stat().st_size
    os.truncate(quiet, TEN_GB)
    began = time.monotonic()
    SqliteEngine().snapshot(quiet, tmp_path / "copy.db")
    assert ((tmp_path / "copy.db").stat().st_size, time.monotonic() - began < SOON) == (size, True)
    assert SqliteEngine().facts(tmp_path / "copy.db").problem == ""


def test_ten_gigabytes_of_holes_are_no_database(tmp_path: Path) -> None:
    with (tmp_path / "school.db").open("wb") as file:
        file.truncate(TEN_GB)
    with pytest.raises(OpsError, match=r"school.db is not an SQLite database. Check the database's name"):
        SqliteEngine().snapshot(tmp_path / "school.db", tmp_path / "copy.db")


def test_a_database_that_does_not_fit_on_the_disk_is_refused_before_it_is_copied(
    process_place: Place, disk: Path, settings: object
) -> None:
    settings.SMSOPS_WORK_DIR = disk  # type: ignore[attr-defined]
    os.truncate(process_place.database, TEN_GB)
    began = time.monotonic()
    run = process_place.back_up()
    assert (run.state, time.monotonic() - began < SOON) == (RunState.SAFE, True)
    assert "left; a copy of the database needs 10.7 GB" in run.cause


@pytest.mark.parametrize("pages", [0x7FFFFFFF, 0xFFFFFFFE, 1000])
def test_a_header_that_claims_more_pages_than_there_are_is_a_damaged_database(
    quiet: Path, tmp_path: Path, pages: int
) -> None:
    with quiet.open("r+b") as file:
        file.seek(28)
        file.write(pages.to_bytes(4, "big"))
    with pytest.raises(OpsError, match=r"SQLite says of school\.db: database disk image is malformed\."):
        SqliteEngine().snapshot(quiet, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("where", ["student_management.db", "inside"])
def test_a_link_out_of_the_data_folder_is_not_followed(process_place: Place, tmp_path: Path, where: str) -> None:
    data, outside = process_place.database.parent, tmp_path / "outside"
    outside.mkdir()
    process_place.database.rename(outside / "student_management.db")
    (data / where).symlink_to(outside if where == "inside" else outside / where)
    if where == "inside":
        process_place.environment.database_file = "inside/student_management.db"
        process_place.environment.save()
    run = process_place.back_up()
    assert (run.state, Backup.objects.count()) == (RunState.SAFE, 0)
    assert "is a link that leads out of the data folder." in run.cause


def test_a_data_folder_that_is_a_link_itself_is_fine(process_place: Place, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(process_place.database.parent)
    process_place.environment.data_path = str(tmp_path / "link")
    process_place.environment.save()
    assert process_place.back_up().state == RunState.SUCCEEDED


@pytest.mark.parametrize("bad", ["..", "../1.18.0", "1.18.0/..", "1.18/../../x", "/1.18.0", "1.18.0\0", "v1.18.0/x"])
def test_what_is_no_version_never_names_a_folder_of_a_release(bad: str) -> None:
    with pytest.raises(ValueError, match="is not a version number"):
        versions.normal(bad)


# --- the vault ------------------------------------------------------------------------------------------------------


def test_a_read_only_vault_refuses_a_backup_in_a_sentence_and_still_gives_back_what_it_has(
    disk: Path, tmp_path: Path, database: Path
) -> None:
    vault = vault_at(tmp_path, disk / "vault")
    name = store(vault, database).identifier
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(OpsError) as caught:
        store(vault, database, 8)
    assert str(caught.value) == f"The folder {disk / 'vault'} is read-only. Mount it writable, then try again."
    assert (vault.read(name, tmp_path / "back.db").identifier, vault.complaints()) == (name, [])


def test_what_another_vault_sealed_under_the_same_name_is_not_taken_for_ours(
    vault: Vault, database: Path, tmp_path: Path
) -> None:
    """A key file with the name of the right key and another key in it."""
    name = store(vault, database).identifier
    right, other = vault.keys.current(), vault_at(tmp_path / "other").keys.current()
    path = vault.keys.folder / f"{right.identity}.json"
    path.write_bytes(path.read_bytes().replace(right.as_data()["key"].encode(), other.as_data()["key"].encode()))
    with pytest.raises(OpsError, match=f"The file of the key {right.identity} is damaged. Bring the key back"):
        vault.read(name, tmp_path / "back.db")
    assert not (tmp_path / "back.db").exists()


# --- the clock ------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_a_day_loses_and_overwrites_nothing(vault: Vault, database: Path, tmp_path: Path) -> None:
    """Names sort by the clock, parents by what was really there before."""
    names, contents = [], {}
    for number, days in enumerate([0, 0, -1, -1, 0]):
        change(database, f"UPDATE students SET name = 'Renamed' WHERE id = {number + 1}")
        SqliteEngine().snapshot(database, tmp_path / "snapshot.db")
        origin = storing.Origin("demo", "school.db", TAKEN + timedelta(days=days), "manual", run=number)
        data = (tmp_path / "snapshot.db").read_bytes()
        manifest = storing.store(vault, SqliteEngine(), tmp_path / "snapshot.db", origin)
        names.append(manifest.identifier)
        contents[manifest.identifier] = (data, len(manifest.packs))
    assert vault.identifiers() == sorted(names) == [names[2], names[3], names[0], names[1], names[4]]
    for number, name in enumerate(names):
        vault.read(name, tmp_path / "back.db")
        assert ((tmp_path / "back.db").read_bytes(), number + 1) == contents[name]
    assert vault.collect() == 0


def test_the_same_moment_and_run_again_is_refused_and_not_overwritten(vault: Vault, database: Path) -> None:
    """A clock set back to the very second of an earlier backup; runs have numbers of their own."""
    first = storing.store(vault, SqliteEngine(), database, ORIGIN, take=False)
    with pytest.raises(OpsError, match="a backup is never written over"):
        storing.store(vault, SqliteEngine(), database, ORIGIN, take=False)
    assert vault.manifest(first.identifier) == first


@pytest.fixture
def set_back(process_place: Place) -> list[Backup]:
    """Two backups: the first was taken before the clock was set back a day, the second after it."""
    first, second = (Backup.objects.get(run=process_place.back_up()) for _ in range(2))
    Backup.objects.filter(pk=first.pk).update(taken_at=timezone.now() + timedelta(days=1))
    return [first, second]


def test_after_a_clock_was_set_back_the_latest_is_what_was_taken_last(set_back: list[Backup]) -> None:
    first, second = set_back
    assert selectors.latest_good(second.environment) == second
    second.delete()
    assert selectors.latest_good(first.environment) == first  # better than none


def test_after_a_clock_was_set_back_no_backup_goes(set_back: list[Backup]) -> None:
    assert [each.stays for each in housekeeping.preview(set_back[0].environment)] == [True, True]


def test_a_backup_from_the_future_is_no_reason_to_believe_that_backups_go_on(set_back: list[Backup]) -> None:
    """Nobody can say how old it is: the last one that can be dated counts for the RPO."""
    environment = set_back[0].environment
    long_ago = timezone.now() - timedelta(hours=3)
    Backup.objects.filter(pk=set_back[1].pk).update(taken_at=long_ago)
    status = next(each for each in statuses() if each.environment == environment)
    assert (status.backup, status.backup_late) == (set_back[1], True)
    set_back[1].delete()
    status = next(each for each in statuses() if each.environment == environment)
    assert (status.backup, status.backup_late) == (set_back[0], True)
