"""Replicas: what is listed there is whole, whatever happened on the way."""

from __future__ import annotations

import os
import select
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from backups.vault.copies import packs_of, read
from backups.vault.lines import pack_name
from backups.vault.remote import Site, opened
from backups.vault.replication import Report, Sampling, behind
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from smsops.errors import OpsError
from tests.backups.replicas import FIRST, SECOND, THIRD, copy, fill, whole
from tests.backups.servers import REMOTE, client, moto
from tests.backups.vaults import store, vault_at
from tests.backups.wires import wired

KILLS = 8


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


def test_without_reading_back_the_right_to_read_is_not_needed(stocked: Vault, tmp_path: Path) -> None:
    writing = [right for right in RIGHTS if right != "s3:GetObject"]
    with moto(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="5") as site, opened(poor(site, writing)) as target:
        report = copy(stocked, target, Sampling(reads=False))
        assert (report.behind, report.verified, report.faults) == ([], 0, [])
        assert copy(stocked, target, Sampling(reads=False)).copied == 0
        with pytest.raises(OpsError, match="do not allow this"):
            target.open(f"backups/{FIRST}.json")


def test_without_reading_back_a_copy_of_another_length_is_a_fault(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    name = pack_name(stocked.manifest(FIRST).packs[0])
    (replica.root / name).write_bytes(b"cut off")
    (replica.root / f"backups/{THIRD}.json").unlink()
    (fault,) = copy(stocked, replica, Sampling(older=0, reads=False)).faults
    assert (fault.name, fault.there, fault.what) == (name, True, "has another length")


def poor(site: Site, rights: list[str] = RIGHTS) -> Site:
    """The site as a user sees it who has no other rights."""
    policy = f'{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": {rights}, "Resource": "*"}}]}}'
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
        assert len(until) > 1 and max(until.values()) - min(until.values()) < timedelta(hours=1)


@pytest.mark.parametrize("kind", REMOTE)
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
    os.close(tell)  # else nobody would ever hear that it failed before it began
    os.read(told, 1)
    select.select([], [], [], seconds)  # the moment itself is the point: nothing is waited for
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(told)


def test_a_copy_whose_server_is_gone_in_the_middle_goes_on_later(stocked: Vault, site: Site) -> None:
    with wired(site, 40_000) as wire, opened(wire) as target, pytest.raises(OpsError, match="does not answer"):
        copy(stocked, target)
    with opened(site) as target:
        whole(target)
        assert (copy(stocked, target).behind, whole(target)) == ([], [FIRST, SECOND, THIRD])
