"""Restores that fail: before SMS is stopped where that can be known, undone where it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.utils import timezone

from backups import selectors
from backups.engines.sqlite import SqliteEngine
from backups.models import Backup
from backups.services import restores, storing
from smsops.models import Run, RunState, StepState
from smsops.runs.plan import By
from tests.backups.conftest import running
from tests.backups.databases import change, spoil
from tests.backups.test_restores import left_on_the_volume, saved
from tests.backups.vaults import pack_of
from tests.places import ADMIN, Place, digest, drive
from tests.runtimes.acts import fill, seen, small_disk

BY = By(name="test")


def edited(place: Place, folder: Path, statement: str) -> Backup:
    """A backup, rightly stored, of a copy of the database in which somebody did this."""
    copy = Path(shutil.copy2(place.database, folder / "edited.db"))
    change(copy, statement)
    origin = storing.Origin(
        place.name, place.environment.database_file, timezone.now(), "manual", "1.18.1", seen(place).image_id
    )
    manifest = storing.store(selectors.vault_of(place.environment), SqliteEngine(), copy, origin)
    return storing.catalogue(place.environment, None, manifest)


def refused(place: Place, backup: Backup) -> Run:
    """Restore it; it must fail while SMS goes on undisturbed."""
    before, data = seen(place), digest(place.database)
    run = drive(restores.start(backup, BY))
    assert run.state == RunState.SAFE, run.headline
    assert run.steps.get(kind="switch.stop").state == StepState.PENDING
    assert seen(place) == before
    assert digest(place.database) == data
    assert left_on_the_volume(place) == set()
    return run


def test_a_cut_off_backup_is_found_before_sms_is_stopped(sms: Place) -> None:
    backup = saved(sms)
    file = pack_of(backup)
    file.write_bytes(file.read_bytes()[:-1000])
    assert "is damaged" in refused(sms, backup).cause
    assert sms.serving()


def test_a_flipped_bit_or_a_missing_backup_is_found_before_sms_is_stopped(native_sms: Place) -> None:
    backup = saved(native_sms)
    spoil(pack_of(backup), 8 * 4321)
    assert "is damaged" in refused(native_sms, backup).cause
    selectors.vault_of(native_sms.environment).discard(backup.identifier)
    assert "is not in the vault" in refused(native_sms, backup).cause


def undone(place: Place, backup: Backup) -> Run:
    """Restore it; it must fail after the exchange and leave everything as it was."""
    before, instance = digest(place.database), seen(place)
    run = drive(restores.start(backup, BY))
    assert run.state == RunState.UNDONE, run.headline
    assert digest(place.database) == before
    assert seen(place).id == instance.id
    assert place.serving()
    assert left_on_the_volume(place) == set()
    assert not Backup.objects.filter(run=run).exists()
    return run


def test_a_restore_whose_sms_does_not_come_up_is_undone(native_sms: Place, tmp_path: Path) -> None:
    native_sms.environment.gate_seconds = 20
    native_sms.environment.save()
    run = undone(native_sms, edited(native_sms, tmp_path, "DROP TABLE students"))
    assert "Not healthy and ready within 20 s" in run.cause


def test_a_restore_whose_sms_lets_nobody_in_is_undone(sms: Place, tmp_path: Path) -> None:
    sms.environment.smoke_email = ADMIN[0]
    sms.environment.save()
    run = undone(sms, edited(sms, tmp_path, "UPDATE users SET hashed_password = 'x'"))
    assert "The checklist failed" in run.cause


def test_a_data_volume_without_room_is_named_before_sms_is_stopped(process_place: Place, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        shutil.copy2(process_place.database, disk)
        process_place.environment.data_path = str(disk)
        running(process_place)
        backup = saved(process_place)
        filler = fill(disk)
        with filler.open("r+b") as file:
            file.truncate(filler.stat().st_size - 200_000)
        assert "The data volume has" in refused(process_place, backup).cause
        process_place.clear()
