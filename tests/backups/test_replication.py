"""Replicas: what is listed there is whole, whatever happened on the way, and comes back from there."""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.copies import digest_on, identifiers, packs_of, read
from backups.vault.keys import Keyring
from backups.vault.lines import pack_name
from backups.vault.remote import Site, opened
from backups.vault.replication import Report, Sampling, behind, replicate
from backups.vault.rescue import rescue
from backups.vault.shelf import FolderShelf, Shelf
from backups.vault.store import Vault
from smsops.errors import OpsError
from tests.backups.databases import change, make, spoil
from tests.backups.servers import client, moto
from tests.backups.vaults import manifest_file, pack_file, store, vault_at
from tests.backups.wires import wired

FIRST, SECOND, THIRD = (f"20260301T123000Z-r{number}" for number in (1, 2, 3))
ALL = Sampling(packs=1, older=1000)
KILLS = 8


@pytest.fixture
def stocked(tmp_path: Path) -> Vault:
    """A vault of three backups in three packs, the later ones building on the first."""
    return fill(vault_at(tmp_path), tmp_path, 3)


def fill(vault: Vault, folder: Path, count: int, filler: int = 30_000) -> Vault:
    database = make(folder / "line.db", filler=filler)
    for run in range(1, count + 1):
        shutil.copy(database, folder / "snapshot.db")
        store(vault, folder / "snapshot.db", run, take=True)
        change(database, f"UPDATE students SET name = 'Renamed' WHERE id = {run}")
    return vault


@pytest.fixture
def replica(tmp_path: Path) -> FolderShelf:
    return FolderShelf(tmp_path / "replica")


def copy(vault: Vault, target: Shelf, sampling: Sampling = ALL, seconds: float = 60) -> Report:
    work = vault.shelf.root.parent / "under-way"
    return replicate(vault.shelf, target, vault.keys, work, sampling, seconds=seconds)


def whole(shelf: Shelf) -> list[str]:
    """The backups listed on a shelf; fails unless every pack of each is there and right."""
    listed = identifiers(shelf)
    packs = {pack for identifier in listed for pack in packs_of(read(shelf, f"backups/{identifier}.json"))}
    assert not [pack for pack in packs if digest_on(shelf, pack_name(pack)) != pack]
    return listed


# --- copying --------------------------------------------------------------------------------------------------------


def test_everything_is_there_afterwards_and_a_second_copy_sends_nothing(stocked: Vault, any_site: Site) -> None:
    with opened(any_site) as target:
        first, second = copy(stocked, target), copy(stocked, target)
        assert whole(target) == [FIRST, SECOND, THIRD]
    stored = sum(path.stat().st_size for path in stocked.shelf.root.rglob("*") if path.suffix in (".pack", ".json"))
    assert (first.copied, first.verified, first.bytes, first.behind, first.faults) == (6, 6, stored, [], [])
    assert (second.copied, second.verified, second.bytes, second.faults) == (0, 6, 0, [])


def test_a_new_backup_sends_only_what_it_adds(stocked: Vault, replica: FolderShelf, tmp_path: Path) -> None:
    copy(stocked, replica)
    store(stocked, tmp_path / "line.db", 4)
    assert copy(stocked, replica).copied == 2


def test_what_is_behind_is_told_oldest_first(stocked: Vault, replica: FolderShelf) -> None:
    report = copy(stocked, replica, seconds=-1)
    assert (report.behind, report.oldest_missing, report.copied) == ([FIRST, SECOND, THIRD], FIRST, 0)
    assert behind(stocked.shelf, replica) == [FIRST, SECOND, THIRD]
    copy(stocked, replica)
    assert (behind(stocked.shelf, replica), Report().oldest_missing) == ([], "")


def test_what_was_discarded_here_stays_there(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    stocked.discard(FIRST)
    assert (copy(stocked, replica).faults, whole(replica)) == ([], [FIRST, SECOND, THIRD])


def test_nothing_is_left_in_the_folder_for_files_under_way(stocked: Vault, moto_site: Site, tmp_path: Path) -> None:
    (tmp_path / "under-way").mkdir()
    (tmp_path / "under-way" / "killed.copy").write_bytes(b"x")
    with opened(replace(moto_site, prefix="tidy")) as target:
        copy(stocked, target)
    assert list((tmp_path / "under-way").iterdir()) == []


@pytest.mark.sftp
def test_copying_needs_no_right_to_remove_or_rename(stocked: Vault, strict_sftp_site: Site) -> None:
    with opened(replace(strict_sftp_site, prefix="strict")) as target:
        assert copy(stocked, target).behind == []
        assert whole(target) == [FIRST, SECOND, THIRD]


RIGHTS = ["s3:PutObject", "s3:GetObject", "s3:ListBucket"]


def test_copying_to_s3_needs_the_rights_to_list_read_and_put_alone(stocked: Vault, tmp_path: Path) -> None:
    with moto(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="5") as site, opened(poor(site)) as target:
        assert copy(stocked, target).behind == []
        assert whole(target) == [FIRST, SECOND, THIRD]
        with pytest.raises(OpsError, match="do not allow this"):
            target.remove(f"backups/{FIRST}.json")
        with pytest.raises(OpsError, match="refuses the credentials"), opened(site) as stranger:
            stranger.names("backups")


def poor(site: Site) -> Site:
    """The site as a user sees it who has no other rights."""
    policy = f'{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": {RIGHTS}, "Resource": "*"}}]}}'
    with client(site, "iam") as iam:
        iam.create_user(UserName="copier")
        iam.put_user_policy(UserName="copier", PolicyName="copying", PolicyDocument=policy.replace("'", '"'))
        key = iam.create_access_key(UserName="copier")["AccessKey"]
    return replace(site, user=key["AccessKeyId"], secret=key["SecretAccessKey"])


def test_packs_a_new_backup_needs_are_locked_for_as_long_as_it_is(
    stocked: Vault, moto_site: Site, tmp_path: Path
) -> None:
    site = replace(moto_site, prefix="longer", lock_days=2)
    with opened(site) as target:
        copy(stocked, target)
    store(stocked, tmp_path / "line.db", 4)
    with opened(replace(site, lock_days=30)) as target, client(site) as s3:
        copy(stocked, target)
        until = {}
        for pack in packs_of(read(target, "backups/20260301T123000Z-r4.json")):
            found = s3.head_object(Bucket="bucket", Key=f"longer/{pack_name(pack)}")
            until[pack] = found["ObjectLockRetainUntilDate"]
        assert len(until) > 1 and len({moment.date() for moment in until.values()}) == 1


# --- interruptions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["rclone", "moto", pytest.param("sftp", marks=pytest.mark.sftp), pytest.param("azure", marks=pytest.mark.azure)],
)
def test_a_copy_killed_at_any_moment_lists_nothing_half_and_goes_on(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    site = replace(request.getfixturevalue(f"{kind}_site"), prefix="killed")
    vault, random = fill(vault_at(tmp_path), tmp_path, 8, filler=400_000), Random(kind)
    for _ in range(KILLS):
        kill_a_copy(vault, site, random.uniform(0, 0.06))
        with opened(site) as target:
            whole(target)
    with opened(site) as target:
        report = copy(vault, target)
        assert (report.behind, report.faults, len(whole(target))) == ([], [], 8)


def kill_a_copy(vault: Vault, site: Site, seconds: float) -> None:
    """Fork somebody who copies, and kill them so many seconds after they began."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with opened(site) as target:
                target.names("backups")  # connected
                os.write(tell, b"!")
                copy(vault, target, Sampling(older=0))
        finally:
            os._exit(0)
    os.read(told, 1)
    select.select([], [], [], seconds)  # the moment itself is the point: nothing is waited for
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for end in (told, tell):
        os.close(end)


def test_a_copy_whose_server_is_gone_in_the_middle_goes_on_later(stocked: Vault, site: Site) -> None:
    with wired(site, 40_000) as wire, opened(wire) as target, pytest.raises(OpsError, match="does not answer"):
        copy(stocked, target)
    with opened(site) as target:
        whole(target)
        assert (copy(stocked, target).behind, whole(target)) == ([], [FIRST, SECOND, THIRD])


# --- damage ---------------------------------------------------------------------------------------------------------


def named(report: Report) -> list[str]:
    return [str(fault) for fault in report.faults]


def packs(vault: Vault, identifier: str = FIRST) -> str:
    """The name of the pack that backup added."""
    return pack_name(vault.manifest(identifier).packs[-1])


def test_a_damaged_pack_there_is_named(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    spoil(replica.root / packs(stocked), 999)
    assert named(copy(stocked, replica)) == [f"{packs(stocked)} is damaged in the replica."]


def test_a_pack_of_another_length_there_keeps_back_what_needs_it(stocked: Vault, replica: FolderShelf) -> None:
    damaged = replica.root / packs(stocked)
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"x")
    report = copy(stocked, replica)
    assert named(report) == [f"{packs(stocked)} is damaged in the replica."]
    assert (report.behind, whole(replica)) == ([FIRST, SECOND, THIRD], [])


def test_a_pack_that_got_lost_there_is_named_and_copied_again(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    (replica.root / packs(stocked)).unlink()
    report = copy(stocked, replica)
    assert (named(report), report.copied) == ([f"{packs(stocked)} is missing in the replica."], 1)
    assert whole(replica) == [FIRST, SECOND, THIRD]


def test_a_manifest_that_was_changed_there_is_named(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    (replica.root / "backups" / f"{FIRST}.json").write_text("{}")
    assert named(copy(stocked, replica)) == [f"backups/{FIRST}.json is damaged in the replica."]


@pytest.mark.parametrize("lost", [False, True])
def test_what_is_damaged_here_is_not_sent(stocked: Vault, replica: FolderShelf, lost: bool) -> None:
    second = pack_file(stocked, SECOND)
    second.unlink() if lost else spoil(second, 999)
    report = copy(stocked, replica)
    assert named(report) == [f"{packs(stocked, SECOND)} is {'missing' if lost else 'damaged'} in the vault."]
    assert SECOND in report.behind and whole(replica) == [name for name in (FIRST, THIRD) if name not in report.behind]


def test_a_pack_cut_off_here_does_not_make_the_one_there_a_damaged_one(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    (replica.root / "backups" / f"{FIRST}.json").unlink()
    pack_file(stocked, FIRST).write_bytes(b"x")
    assert (copy(stocked, replica).faults, whole(replica)) == ([], [FIRST, SECOND, THIRD])


@pytest.mark.parametrize("text", ["{}", "[", '{"packs": ["../../etc/passwd"]}'])
def test_a_manifest_that_is_damaged_here_is_not_sent(stocked: Vault, replica: FolderShelf, text: str) -> None:
    manifest_file(stocked, SECOND).write_text(text)
    report = copy(stocked, replica)
    assert named(report) == [f"backups/{SECOND}.json is damaged in the vault."]
    assert (report.behind, whole(replica)) == ([SECOND], [FIRST, THIRD])


def test_a_manifest_nobody_here_can_check_is_not_sent(stocked: Vault, replica: FolderShelf, tmp_path: Path) -> None:
    report = replicate(stocked.shelf, replica, Keyring(tmp_path / "others"), tmp_path / "under-way")
    assert (len(report.faults), report.behind) == (3, [FIRST, SECOND, THIRD])
    assert "a key that is missing" in named(report)[0]


def test_every_older_file_gets_its_turn(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    spoil(replica.root / packs(stocked, THIRD), 999)
    reports = [copy(stocked, replica, Sampling(older=2, turn=turn)) for turn in range(7, 10)]
    assert [report.verified + len(report.faults) for report in reports] == [2, 2, 2]
    assert sum(len(report.faults) for report in reports) == 1


def test_new_packs_are_read_back_as_often_as_asked(stocked: Vault, tmp_path: Path) -> None:
    shelves = [FolderShelf(tmp_path / f"replica-{number}") for number in range(2)]
    reports = [copy(stocked, shelf, Sampling(packs=often)) for shelf, often in zip(shelves, (1, 2**40), strict=True)]
    assert [report.verified for report in reports] == [6, 3]


# --- rescue ---------------------------------------------------------------------------------------------------------


def test_a_backup_is_restored_straight_from_a_replica(stocked: Vault, any_site: Site, tmp_path: Path) -> None:
    stocked.read(THIRD, tmp_path / "wanted.db")
    fresh = Vault(FolderShelf(tmp_path / "fresh"), stocked.keys, stocked.images)
    with opened(any_site) as target:
        copy(stocked, target)
        assert len(rescue(target, fresh.shelf, THIRD, stocked.keys)) == len(fresh.manifest(THIRD).packs) + 1
        assert rescue(target, fresh.shelf, THIRD, stocked.keys) == []
    fresh.read(THIRD, tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == (tmp_path / "wanted.db").read_bytes()


@pytest.mark.parametrize("lost", [False, True])
def test_only_what_is_damaged_or_missing_here_is_brought(
    stocked: Vault, replica: FolderShelf, tmp_path: Path, lost: bool
) -> None:
    copy(stocked, replica)
    damaged = pack_file(stocked, FIRST)
    damaged.unlink() if lost else spoil(damaged, 999)
    assert rescue(replica, stocked.shelf, SECOND, stocked.keys) == [packs(stocked)]
    stocked.read(SECOND, tmp_path / "back.db")


def test_a_damaged_manifest_here_is_replaced(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    wanted = stocked.manifest(FIRST)
    manifest_file(stocked, FIRST).write_text("{}")
    assert rescue(replica, stocked.shelf, FIRST, stocked.keys) == [f"backups/{FIRST}.json"]
    assert stocked.manifest(FIRST) == wanted


def test_what_is_damaged_there_as_well_is_named_and_spoils_nothing(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    spoil(replica.root / packs(stocked), 999)
    pack_file(stocked, FIRST).unlink()
    with pytest.raises(BackupDamaged, match="is not what it was") as caught:
        rescue(replica, stocked.shelf, FIRST, stocked.keys)
    assert pack_name(caught.value.pack) == packs(stocked)
    assert not pack_file(stocked, FIRST).exists()


def test_a_backup_the_replica_does_not_have_is_not_rescued(stocked: Vault, replica: FolderShelf) -> None:
    with pytest.raises(BackupDamaged, match=f"{FIRST} is not in the replica"):
        rescue(replica, stocked.shelf, FIRST, stocked.keys)


@pytest.mark.parametrize("data", [b"{}", b"\xff\xfe\x00", b'{"format": 2, "packs": []}'])
def test_a_manifest_that_is_damaged_there_replaces_nothing(stocked: Vault, replica: FolderShelf, data: bytes) -> None:
    copy(stocked, replica)
    (replica.root / "backups" / f"{FIRST}.json").write_bytes(data)
    before = hashlib.sha256(manifest_file(stocked, FIRST).read_bytes()).hexdigest()
    with pytest.raises(BackupDamaged):
        rescue(replica, stocked.shelf, FIRST, stocked.keys)
    assert digest_on(stocked.shelf, f"backups/{FIRST}.json") == before


def test_without_its_key_a_backup_is_not_rescued_and_the_key_is_named(
    stocked: Vault, replica: FolderShelf, tmp_path: Path
) -> None:
    copy(stocked, replica)
    with pytest.raises(KeyUnusable, match="import-keys"):
        rescue(replica, FolderShelf(tmp_path / "fresh"), FIRST, Keyring(tmp_path / "no-keys"))
