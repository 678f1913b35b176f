"""A disk without room: the sentence names it, and nothing is half-done."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from backups.engines.sqlite import SqliteEngine
from smsops.errors import OpsError
from smsops.models import RunState
from smsops.runs.plan import By
from tests.backups.databases import make
from tests.backups.vaults import store, vault_at
from tests.places import Place
from tests.runtimes.acts import fill

BY = By(name="test")


def test_a_full_disk_under_the_live_database_is_named(tmp_path: Path, disk: Path) -> None:
    live = make(disk / "live.db")
    fill(disk)
    with pytest.raises(OpsError, match="full"):
        SqliteEngine().snapshot(live, tmp_path / "copy.db")


def test_the_full_disk_is_the_one_that_is_named(tmp_path: Path, disk: Path) -> None:
    with pytest.raises(OpsError, match=f"The disk of {disk} is full"):
        SqliteEngine().snapshot(make(tmp_path / "live.db", filler=4_000_000), disk / "copy.db")


def test_a_full_disk_under_the_vault_is_one_sentence(disk: Path, tmp_path: Path) -> None:
    vault = vault_at(tmp_path, disk)
    with pytest.raises(OpsError) as caught:
        store(vault, make(tmp_path / "big.db", filler=4_000_000))
    assert str(caught.value) == f"The disk of {disk} is full. Make room, then try again."


def test_a_backup_that_finds_the_vault_full_says_so(
    process_place: Place, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process_place.execute("CREATE TABLE noise AS SELECT randomblob(4000000) AS bytes")
    monkeypatch.setattr(settings, "SMSOPS_VAULT_DIR", disk)
    run = process_place.back_up()
    assert run.state == RunState.SAFE
    assert not [path for path in disk.rglob("*") if path.is_file()]
    assert "is full. Make room" in run.cause
