"""`ops offsite …`: vaults elsewhere, from the command line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups.models import Backup, LogFollowing, OffsiteVault
from smsops.models import Environment
from tests.ops.terminal import Terminal
from tests.places import Place


@pytest.fixture
def name(process_place: Place, worker: None) -> str:
    """An environment with one backup."""
    process_place.back_up()
    return process_place.name


@pytest.fixture
def mount(ops: Terminal, name: str, tmp_path: Path) -> Path:
    """A mounted folder that is the environment's off-site vault “nas”."""
    folder = tmp_path / "mount"
    folder.mkdir()
    ops("offsite", "set", name, "nas", "--kind", "folder", "--bucket", folder)
    return folder


def test_a_vault_elsewhere_is_set_up_copied_to_and_listed(ops: Terminal, name: str, mount: Path) -> None:
    assert ops("offsite", "copy", name, "nas", "--wait").code == 0
    (found,) = ops("offsite", "list", name, "--json").document
    assert (found["name"], found["lag_seconds"], found["problem"]) == ("nas", 0.0, "")
    assert len(list((mount / name / "backups").iterdir())) == 1


def test_what_is_elsewhere_is_read_into_an_empty_catalogue(ops: Terminal, name: str, mount: Path) -> None:
    ops("offsite", "copy", name, "nas", "--wait")
    Backup.objects.all().delete()
    said = ops("offsite", "reindex", name, "nas")
    assert (said.code, "1 backup is new to the catalogue" in said.out) == (0, True)


def test_a_place_that_cannot_be_reached_is_not_set_up(ops: Terminal, name: str, tmp_path: Path) -> None:
    said = ops("offsite", "set", name, "nas", "--kind", "folder", "--bucket", tmp_path / "nowhere")
    assert (said.code, "There is no folder" in said.err) == (1, True)
    assert not OffsiteVault.objects.exists()


def test_sftp_without_the_servers_key_is_wrong_use(ops: Terminal, name: str) -> None:
    said = ops("offsite", "set", name, "sftp", "--kind", "sftp", "--bucket", "x", "--address", "127.0.0.1:1")
    assert (said.code, "cannot know whom it talks to" in said.err) == (2, True)


def test_a_name_nobody_knows_is_wrong_use_and_the_known_ones_are_said(ops: Terminal, name: str, mount: Path) -> None:
    said = ops("offsite", "copy", name, "s3")
    assert (said.code, "known are nas" in said.err) == (2, True)


def test_the_commits_are_listed_with_their_lag(ops: Terminal, name: str, mount: Path) -> None:
    (found,) = ops("offsite", "list", name, "--json").document
    assert (found["commits"], found["commits_lag_seconds"], found["bytes"]) == (False, None, None)
    LogFollowing.objects.create(environment=Environment.objects.get(name=name), looked_at=timezone.now())
    OffsiteVault.objects.update(log_at=timezone.now())
    (found,) = ops("offsite", "list", name, "--json").document
    assert (found["commits"], found["commits_lag_seconds"] < 60, found["commits_problem"]) == (True, True, "")


def test_commits_that_are_late_make_the_list_a_bad_one(ops: Terminal, name: str, mount: Path) -> None:
    LogFollowing.objects.create(environment=Environment.objects.get(name=name), looked_at=timezone.now())
    OffsiteVault.objects.update(log_at=timezone.now() - timedelta(minutes=10))
    said = ops("offsite", "list", name)
    assert (said.code, "are on this machine alone" in said.out) == (1, True)


def test_what_would_be_removed_there_is_said_and_nothing_is(ops: Terminal, name: str, mount: Path) -> None:
    ops("offsite", "copy", name, "nas", "--wait")
    said = ops("offsite", "tidy", name, "nas", "--dry-run")
    assert (said.code, "nothing there is ever removed" in said.out) == (0, True)
    assert ops("offsite", "tidy", name, "nas").code == 2


def test_removing_there_is_switched_on_and_done(ops: Terminal, name: str, mount: Path) -> None:
    ops("offsite", "set", name, "nas", "--tidy", 1, "--grace-days", 30, "--log-seconds", 2)
    vault = OffsiteVault.objects.get()
    assert (vault.tidy, vault.grace_days, vault.log_seconds, vault.copy_log) == (True, 30, 2, True)
    assert ops("offsite", "tidy", name, "nas", "--wait").code == 0
    assert "0 backups" in OffsiteVault.objects.get().tidied
