"""`ops own-backup`, and what `ops status` says of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups.models import OffsiteVault
from backups.services.own import copies
from smsops.models import Environment
from tests.ops.terminal import Terminal

CANARY = "cAn4ry-of-the-smoke-account"


@pytest.fixture
def environment(transactional_db: None) -> Environment:
    return Environment.objects.create(name="school", smoke_email="a@school.example", smoke_password=CANARY)


@pytest.fixture
def elsewhere(environment: Environment, tmp_path: Path) -> OffsiteVault:
    (tmp_path / "nas").mkdir()
    return OffsiteVault.objects.create(environment=environment, name="nas", kind="folder", bucket=str(tmp_path / "nas"))


def test_late_ones_are_told_by_ops_status(ops: Terminal, environment: Environment) -> None:
    assert copies.problem() == ""  # the first day
    Environment.objects.update(created_at=timezone.now() - timedelta(days=2))
    said = ops("status")
    assert "smsops' own rows were not backed up yet" in said.out and said.code == 1
    copies.take(copies.MANUAL)
    assert copies.problem() == ""


def test_a_place_that_is_away_is_told_and_made_up_for(elsewhere: OffsiteVault, tmp_path: Path, ops: Terminal) -> None:
    (tmp_path / "nas").rmdir()
    said = ops("own-backup", "now")
    assert said.code == 1 and "Not copied to" in said.out and "There is no folder" in said.out
    (tmp_path / "nas").mkdir()
    assert copies.copy_elsewhere() == []
    assert (tmp_path / "nas" / copies.FOLDER / "backups").is_dir()


def test_a_database_with_rows_is_never_restored_over(ops: Terminal, environment: Environment) -> None:
    copies.take(copies.MANUAL)
    said = ops("own-backup", "restore", "latest")
    assert said.code == 2 and "is not empty" in said.complaint
    assert Environment.objects.count() == 1


def test_without_a_backup_that_is_said(ops: Terminal) -> None:
    said = ops("own-backup", "restore", "latest")
    assert said.code == 2 and "There is no backup of smsops' own rows" in said.complaint
