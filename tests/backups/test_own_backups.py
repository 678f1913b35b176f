"""smsops' own rows: backed up by smsops itself, read back, kept, copied elsewhere."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups import tasks
from backups.errors import BackupDamaged
from backups.models import OffsiteVault
from backups.services.own import copies
from backups.vault.lines import pack_name
from smsops.errors import OpsError
from smsops.models import Environment

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "cAn4ry-of-the-smoke-account"


@pytest.fixture
def environment() -> Environment:
    return Environment.objects.create(name="school", smoke_email="a@school.example", smoke_password=CANARY)


def packs() -> list[Path]:
    return list(copies.vault().shelf.root.rglob("*.pack"))


def test_a_backup_has_every_row_and_was_read_back(environment: Environment) -> None:
    manifest = copies.take(copies.MANUAL)
    assert manifest.row_counts["smsops_environment"] == 1 and manifest.check == "ok"
    assert [each.identifier for each in copies.listed()] == [manifest.identifier]
    assert "incidents.00" in manifest.schema_revision


def test_it_is_sealed_like_any_other(environment: Environment) -> None:
    copies.take(copies.MANUAL)
    assert packs()
    assert not [path for path in packs() if b"SQLite format" in path.read_bytes() or b"school" in path.read_bytes()]


def test_the_field_key_is_in_it_for_who_has_the_vault_s_key(settings: object) -> None:
    manifest = copies.take(copies.MANUAL)
    keys = copies.vault().keys
    assert copies.disclosed(manifest, keys) == settings.FIELD_KEY  # type: ignore[attr-defined]
    keys.rotate()
    assert copies.disclosed(manifest, keys) == settings.FIELD_KEY  # type: ignore[attr-defined]


def test_what_was_damaged_on_its_way_is_found_when_it_is_read(environment: Environment, tmp_path: Path) -> None:
    manifest = copies.take(copies.MANUAL)
    (pack,) = packs()
    pack.write_bytes(pack.read_bytes()[:-40] + b"x" * 40)
    with pytest.raises(BackupDamaged):
        copies.vault().read(manifest.identifier, tmp_path / "copy")


def test_one_at_a_time(environment: Environment) -> None:
    with copies.room(), pytest.raises(OpsError, match="being copied already"):
        copies.take(copies.MANUAL)


def test_the_daily_one_is_taken_once_a_day(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.back_up_own()
    tasks.back_up_own()
    assert [each.reason for each in copies.listed()] == [copies.DAILY]
    later = timezone.now() + timedelta(hours=24)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert copies.due()


def test_old_ones_go_and_the_last_of_each_month_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [datetime(2026, 1, 20, 3, tzinfo=UTC) + timedelta(days=number) for number in (0, 1, 2, 41, 42, 90)]
    for day in days:
        monkeypatch.setattr(timezone, "now", lambda day=day: day)
        copies.take(copies.DAILY)
    assert [each.taken.date().isoformat() for each in copies.listed()] == ["2026-04-20", "2026-03-03", "2026-01-22"]


@pytest.fixture
def elsewhere(environment: Environment, tmp_path: Path) -> OffsiteVault:
    (tmp_path / "nas").mkdir()
    return OffsiteVault.objects.create(environment=environment, name="nas", kind="folder", bucket=str(tmp_path / "nas"))


def test_they_are_copied_where_the_environments_are(elsewhere: OffsiteVault, tmp_path: Path) -> None:
    manifest = copies.take(copies.MANUAL)
    assert copies.copy_elsewhere() == []
    folder = tmp_path / "nas" / copies.FOLDER
    assert (folder / "backups" / f"{manifest.identifier}.json").exists()
    assert {hashlib.sha256((folder / pack_name(pack)).read_bytes()).hexdigest() for pack in manifest.packs} == set(
        manifest.packs
    )
