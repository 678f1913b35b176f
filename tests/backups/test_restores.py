"""Restores on real installations, on both runtimes: the data is back exactly, and what was there is kept."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from backups.models import Backup, Proof, Reason
from backups.services import restores, storing
from smsops.errors import OpsError
from smsops.models import Run, RunState
from smsops.runs.plan import By
from smsops.runtimes.registry import spec_of
from tests.backups.databases import leave_a_log, root
from tests.places import Place, digest, drive
from tests.runtimes.acts import create, fill, kill_for_good, launch, seen, small_disk

BY = By(name="test")


def saved(place: Place) -> Backup:
    return Backup.objects.get(run=place.back_up())


def restored(backup: Backup) -> Run:
    """Restore it; it must succeed."""
    run = drive(restores.start(backup, BY))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    backup.refresh_from_db()
    return run


def left_on_the_volume(place: Place) -> set[str]:
    """What a run left in smsops's folder beside the database."""
    folder = place.runtime.data_folder() / ".smsops"
    return {path.name for path in folder.iterdir()} - {"lock", "fence.json"}


def test_the_data_is_back_exactly_and_what_was_there_is_a_backup_of_its_own(sms: Place) -> None:
    wanted, backup = digest(sms.database), saved(sms)
    sms.execute("DELETE FROM grades")
    before = digest(sms.database)
    run = restored(backup)
    assert digest(sms.database) == wanted
    assert sms.serving()
    assert run.headline.startswith(f"Restored {backup.identifier}: 200 students, data of ")
    safety = Backup.objects.get(run=run)
    assert (safety.pinned, safety.reason, safety.release_version) == (True, Reason.RESTORE, "1.18.1")
    restored(safety)
    assert digest(sms.database) == before


def test_instance_owner_and_mode_stay_and_nothing_is_left_behind(sms: Place) -> None:
    sms.database.chmod(0o640)
    if root() and sms.runtime_kind == "process":
        os.chown(sms.database, 1234, 4321)
    file, instance, backup = sms.database.stat(), seen(sms), saved(sms)
    assert restores.plan(backup).notes[2] == "Release 1.18.1 fits this data and stays."
    restored(backup)
    now, after = sms.database.stat(), seen(sms)
    assert (now.st_mode, now.st_uid, now.st_gid) == (file.st_mode, file.st_uid, file.st_gid)
    assert now.st_ino != file.st_ino
    assert (after.id, after.restarts) == (instance.id, 0)
    assert after.started_at != instance.started_at
    assert backup.proof == Proof.STARTED
    assert left_on_the_volume(sms) == set()


def test_a_restore_across_a_migration_starts_the_release_that_fits(place: Place) -> None:
    launch(place)
    backup = saved(place)
    assert place.deploy("1.19.0").state == RunState.SUCCEEDED
    place.execute("DELETE FROM grades")
    restored(backup)
    assert place.running_version() == "1.18.1"
    assert place.serving()
    assert Backup.objects.latest("taken_at").release_version == "1.19.0"


def test_a_killed_sms_and_the_log_it_left_do_not_reach_the_restored_data(sms: Place) -> None:
    wanted, backup = digest(sms.database), saved(sms)
    kill_for_good(sms)
    leave_a_log(sms.database, "DELETE FROM grades WHERE id > 5")
    run = restored(backup)
    assert digest(sms.database) == wanted
    assert sms.serving()
    # What was only in the log belongs to the database of before, and is kept with it.
    assert Backup.objects.get(run=run).row_counts["grades"] == 5


def test_sms_comes_back_where_instance_and_database_are_gone(sms: Place) -> None:
    backup = saved(sms)
    kill_for_good(sms)
    sms.runtime.remove(sms.environment.instance)
    sms.database.unlink()
    run = restored(backup)
    assert sms.running_version() == "1.18.1"
    assert sms.students() == 200
    assert sms.serving()
    assert not Backup.objects.filter(run=run).exists()


def test_a_database_with_damaged_pages_is_restored_and_kept_as_evidence(native_sms: Place) -> None:
    backup = saved(native_sms)
    native_sms.runtime.stop(native_sms.environment.instance, 5)
    with native_sms.database.open("r+b") as file:
        file.seek(native_sms.database.stat().st_size - 4096 * 20)
        file.write(b"\xff" * 4096 * 20)
    run = restored(backup)
    assert native_sms.students() == 200
    assert native_sms.serving()
    assert "damaged" in Backup.objects.get(run=run).damage


def test_an_old_database_that_was_stored_but_never_entered_is_not_stored_twice(
    native_sms: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enter(*words: Any, **more: Any) -> Backup:
        if not failed:
            failed.append(True)
            raise OpsError("The catalogue is away.", transient=True)
        return usual(*words, **more)

    failed: list[bool] = []
    backup, usual = saved(native_sms), storing.catalogue
    monkeypatch.setattr(storing, "catalogue", enter)
    run = restored(backup)
    assert "But" not in run.headline
    assert Backup.objects.get(run=run).pinned
    assert left_on_the_volume(native_sms) == set()


def test_a_restore_stands_though_the_vault_has_no_room_for_the_old_database(
    native_sms: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        monkeypatch.setattr(settings, "SMSOPS_VAULT_DIR", disk)
        wanted, backup = digest(native_sms.database), saved(native_sms)
        native_sms.execute("DELETE FROM grades")
        before = digest(native_sms.database)
        fill(disk)
        run = restored(backup)
    assert digest(native_sms.database) == wanted
    assert "is full" in run.headline
    (kept,) = left_on_the_volume(native_sms)
    assert digest(native_sms.runtime.data_folder() / ".smsops" / kept) == before


BY = By(name="test")


@pytest.mark.parametrize("content", [b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 8176])
def test_a_database_that_is_no_database_any_more_is_restored(native_sms: Place, content: bytes) -> None:
    backup = saved(native_sms)
    native_sms.runtime.stop(native_sms.environment.instance, 5)
    native_sms.database.write_bytes(content)
    run = drive(restores.start(backup, BY))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert native_sms.students() == 200


def test_a_restore_that_says_it_was_undone_was(native_sms: Place) -> None:
    """Its last step fails, behind the point of no return: an old instance cannot be removed because it is in use."""
    backup = saved(native_sms)
    native_sms.execute("DELETE FROM grades")
    before = digest(native_sms.database)
    name = create(native_sms, name=f"{native_sms.environment.instance}-before-r0").name
    lock = os.open(Path(spec_of(native_sms.environment).state_path) / name / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    run = drive(restores.start(backup, BY))
    os.close(lock)
    assert (run.state == RunState.UNDONE) == (digest(native_sms.database) == before), run.headline
