"""Replicas: what is damaged or lost, here or there, is named, and spoils nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.vault.keys import Keyring
from backups.vault.replication import Report, Sampling, replicate
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from tests.backups.databases import spoil
from tests.backups.replicas import FIRST, SECOND, THIRD, copy, packs, whole
from tests.backups.vaults import manifest_file, pack_file


def named(report: Report) -> list[str]:
    return [str(fault) for fault in report.faults]


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
