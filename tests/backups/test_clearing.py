"""A vault elsewhere is cleared of what is past its time: never of what a backup there needs, nor of what is locked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import cast

import pytest

from backups.errors import NotAllowed
from backups.vault.clearing import Clearable, Cleared, Clearing
from backups.vault.entries import Listing, volume
from backups.vault.lines import pack_name
from backups.vault.remote import Site, opened
from backups.vault.shelf import FolderShelf, Shelf
from backups.vault.store import Vault
from backups.wal.parts import Part, of_name, past
from tests.backups.replicas import FIRST, SECOND, THIRD, copy, fill, packs, whole
from tests.backups.servers import NAME, client, content, moto, parcel
from tests.backups.test_replication import RIGHTS, poor
from tests.backups.test_two_hundred_kills import kill_after
from tests.backups.vaults import vault_at

KILLS = 25
LATER = 120.0  # seconds: everything there is older than the moment in so many


@pytest.fixture
def shelf(any_site: Site) -> Iterator[Clearable]:
    with opened(any_site) as found:
        assert isinstance(found, Listing)
        yield cast(Clearable, found)


def clear(vault: Vault, target: Shelf, *going: str, age: float = -LATER, dry: bool = False) -> Cleared:
    there = cast(Clearable, target)
    return Clearing(there, vault.shelf, vault.keys, set(going), time.time() - age, dry=dry).run()


def test_everything_below_a_folder_is_listed_with_its_size(shelf: Clearable, tmp_path: Path) -> None:
    assert shelf.below("packs") == []
    for name in ("packs/aa/1.pack", "packs/aa/2.pack", "packs/b.pack", "other/c.pack"):
        shelf.put(name, parcel(tmp_path, name.encode()))
    found = shelf.below("packs")
    assert [entry.name for entry in found] == ["packs/aa/1.pack", "packs/aa/2.pack", "packs/b.pack"]
    assert volume(found) == len("packs/aa/1.pack" * 2 + "packs/b.pack")
    assert all(abs(entry.modified - time.time()) < LATER for entry in found)


def test_a_file_that_is_released_is_gone_and_once_more_is_fine(shelf: Clearable, tmp_path: Path) -> None:
    shelf.put(NAME, parcel(tmp_path, b"one"))
    assert (shelf.release(NAME), shelf.release(NAME), shelf.exists(NAME)) == (True, True, False)


def test_a_backup_past_its_time_goes_and_what_others_build_on_stays(stocked: Vault, shelf: Clearable) -> None:
    copy(stocked, shelf)
    stocked.discard(FIRST)
    done = clear(stocked, shelf, FIRST)
    assert (done.backups, done.packs, done.stays) == ([FIRST], [], [])
    assert whole(shelf) == [SECOND, THIRD]  # which need the pack of the first


def test_packs_nobody_needs_go_with_the_backups_that_did(tmp_path: Path, shelf: Clearable) -> None:
    vault = fill(vault_at(tmp_path), tmp_path, 20)
    copy(vault, shelf)
    *gone, last = vault.identifiers()
    needed = {pack_name(pack) for pack in vault.manifest(last).packs}
    loose = {entry.name for entry in shelf.below("packs")} - needed
    for name in gone:
        vault.discard(name)
    done = clear(vault, shelf, *gone)
    assert (done.backups, set(done.packs), len(loose) > 5) == (gone, loose, True)
    assert (whole(shelf), {entry.name for entry in shelf.below("packs")}) == ([last], needed)


def test_the_newest_backup_there_stays_whatever_is_said(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    for name in (FIRST, SECOND, THIRD):
        stocked.discard(name)
    assert clear(stocked, replica, FIRST, SECOND, THIRD).backups == [FIRST, SECOND]
    assert whole(replica) == [THIRD]


def test_what_is_not_past_its_time_stays_though_it_is_gone_here(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    for name in (FIRST, SECOND):
        stocked.discard(name)
    stocked.collect()
    assert clear(stocked, replica) == Cleared()
    assert whole(replica) == [FIRST, SECOND, THIRD]


def test_what_came_there_a_short_while_ago_stays(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    stocked.discard(SECOND)
    assert clear(stocked, replica, SECOND, age=3600) == Cleared()
    assert whole(replica) == [FIRST, SECOND, THIRD]


def test_a_pack_on_its_way_there_stays(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    (replica.root / f"backups/{THIRD}.json").unlink()  # killed just before its manifest
    assert (clear(stocked, replica).packs, replica.exists(packs(stocked, THIRD))) == ([], True)


def test_a_dry_run_says_the_same_and_changes_nothing(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    stocked.discard(SECOND)
    said = clear(stocked, replica, SECOND, dry=True)
    assert whole(replica) == [FIRST, SECOND, THIRD]
    assert clear(stocked, replica, SECOND) == said


@pytest.mark.parametrize("data", [b"{}", b"\xff\xfe", None])
def test_where_a_manifest_there_cannot_be_read_no_pack_goes(
    stocked: Vault, replica: FolderShelf, data: bytes | None
) -> None:
    copy(stocked, replica)
    for name in (FIRST, SECOND):
        stocked.discard(name)
    path = replica.root / f"backups/{FIRST}.json"
    path.write_bytes(data if data is not None else path.read_bytes().replace(b'"demo"', b'"other"'))
    done = clear(stocked, replica, SECOND)
    assert (done.backups, done.packs, len(done.stays)) == ([SECOND], [], 1)
    assert "No pack goes" in done.stays[0]


def test_what_is_locked_stays_with_all_it_needs_and_is_counted(stocked: Vault, moto_site: Site) -> None:
    with opened(replace(moto_site, prefix="locked-clearing", lock_days=3)) as target:
        copy(stocked, target)
        stocked.discard(SECOND)
        done = clear(stocked, target, SECOND)
        assert (done.backups, done.packs, done.locked, done.bytes) == ([], [], 1, 0)
        assert whole(target) == [FIRST, SECOND, THIRD]


def test_a_locked_file_is_not_even_hidden(moto_site: Site, tmp_path: Path) -> None:
    site = replace(moto_site, prefix="hidden")
    with opened(replace(site, lock_days=3)) as target, client(site) as s3:
        target.put(NAME, parcel(tmp_path, b"one"))
        with opened(site) as plain:  # whose settings know of no lock
            assert not cast(Clearable, plain).release(NAME)
        assert content(target, NAME) == b"one"
        assert "DeleteMarkers" not in s3.list_object_versions(Bucket="bucket", Prefix="hidden")


def test_credentials_that_may_not_remove_say_so(stocked: Vault, tmp_path: Path) -> None:
    with moto(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="5") as site, opened(poor(site, RIGHTS)) as target:
        copy(stocked, target)
        stocked.discard(SECOND)
        with pytest.raises(NotAllowed):
            clear(stocked, target, SECOND)
        assert whole(target) == [FIRST, SECOND, THIRD]


@pytest.mark.sftp
def test_an_sftp_server_that_removes_nothing_says_so(stocked: Vault, strict_sftp_site: Site) -> None:
    with opened(replace(strict_sftp_site, prefix="strict-clearing")) as target:
        copy(stocked, target)
        stocked.discard(SECOND)
        with pytest.raises(NotAllowed):
            clear(stocked, target, SECOND)
        assert whole(target) == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("kind", ["folder", "rclone"])
def test_killed_at_any_moment_whatever_is_listed_is_whole(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    site = Site("folder", str(tmp_path), prefix="replica")
    if kind != "folder":
        site = replace(request.getfixturevalue("rclone_site"), prefix="killed-clearing")
    vault, chance = fill(vault_at(tmp_path), tmp_path, 24), Random(kind)
    with opened(site) as target:
        copy(vault, target)
    gone = vault.identifiers()[:-2]
    for name in gone:
        vault.discard(name)

    def work() -> None:
        with opened(site) as target:
            clear(vault, target, *gone)

    for _ in range(KILLS):
        quick_kill(work, chance.uniform(0, 0.02 if kind == "folder" else 0.25))
        with opened(site) as target:
            whole(target)
    with opened(site) as target:
        clear(vault, target, *gone)
        assert whole(target) == vault.identifiers()
        needed = {pack for name in vault.identifiers() for pack in vault.manifest(name).packs}
        assert len(cast(Clearable, target).below("packs")) == len(needed)


def quick_kill(act: object, seconds: float) -> None:
    """As `kill_after`; that the work was quicker is fine."""
    try:
        kill_after(act, seconds)  # type: ignore[arg-type]
    except AssertionError:
        assert os.getpid()


GENERATION = "000001-20260301T000000Z-abcdef"


def part(number: int, time: int, start: int = 0) -> Part:
    return Part(GENERATION, number, start, start + 10, time)


def test_commits_past_their_time_go_by_whole_files_and_the_newest_file_stays() -> None:
    parts = [part(1, 100), part(1, 200, 10), part(2, 300), part(2, 900, 10), part(3, 400)]
    assert past(parts, 500) == parts[:2]
    assert past(parts, 10_000) == parts[:4]
    assert past([], 500) == []


def test_a_whole_name_leads_back_to_its_part() -> None:
    assert of_name(part(1, 5).name) == part(1, 5)
    assert of_name(f"log/{GENERATION}/00009/{part(1, 5).name.rpartition('/')[2]}") is None
    assert of_name("backups/x.json") is None
