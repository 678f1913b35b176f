"""Backups and verifications as runs, on real installations: what they prove, and what they leave alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from backups import selectors, tasks
from backups.models import Backup, Proof, Reason
from backups.services import backups, restores
from smsops.errors import WrongUse
from smsops.models import Run, RunState, StepState
from smsops.runs.plan import By
from tests.backups.databases import make_damaged, spoil
from tests.backups.vaults import pack_of
from tests.places import Place, digest, drive
from tests.runtimes.acts import launch, seen

BY = By(name="test")


def taken(place: Place) -> Backup:
    """Take a backup; it must succeed."""
    run = place.back_up()
    assert run.state == RunState.SUCCEEDED, run.headline
    return Backup.objects.get(run=run)


def verified(backup: Backup) -> Run:
    run = drive(backups.verify(backup, BY))
    backup.refresh_from_db()
    return run


def test_a_backup_of_a_running_sms_is_its_database_and_disturbs_nobody(place: Place, tmp_path: Path) -> None:
    launch(place)
    before = seen(place)
    backup = taken(place)
    selectors.vault_of(place.environment).read(backup.identifier, tmp_path / "back.db")
    assert digest(tmp_path / "back.db") == digest(place.database)
    assert (backup.release_version, backup.image_id) == ("1.18.1", before.image_id)
    assert (backup.proof, backup.row_counts["students"]) == (Proof.CHECKED, 200)
    assert seen(place) == before
    assert place.serving()


def test_a_backup_says_what_it_did_and_cleans_up(process_place: Place) -> None:
    run = process_place.back_up()
    backup = Backup.objects.get(run=run)
    assert run.headline.startswith(f"Backup {backup.identifier} stored and proven: 200 students, ")
    assert [path.name for path in Path(settings.SMSOPS_WORK_DIR).iterdir()] == ["images"]
    assert selectors.vault_of(process_place.environment).identifiers() == [backup.identifier]


def test_the_card_of_a_backup_says_what_its_manifest_says(process_place: Place) -> None:
    backup = taken(process_place)
    manifest = selectors.vault_of(process_place.environment).manifest(backup.identifier)
    for field in ("root", "size", "stored_size", "schema_revision", "row_counts", "reason", "release_version"):
        assert getattr(backup, field) == getattr(manifest, field)
    assert manifest.taken == backup.taken_at
    assert manifest.run == backup.run_id


def test_a_missing_database_fails_a_backup_and_changes_nothing(process_place: Place) -> None:
    process_place.database.unlink()
    run = process_place.back_up()
    assert run.state == RunState.SAFE
    assert "There is no database at" in run.cause
    assert not Backup.objects.exists()


def test_a_damaged_database_is_kept_as_evidence_and_never_called_good(process_place: Place) -> None:
    make_damaged(process_place.database)
    run = process_place.back_up()
    assert run.state == RunState.SAFE
    assert "The database of SMS is damaged" in run.cause
    assert "The database itself is damaged" in Backup.objects.get(run=run).damage
    assert selectors.latest_good(process_place.environment) is None


def test_a_disk_without_room_for_the_snapshot_is_named_before_it_is_full(
    process_place: Place, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process_place.execute("CREATE TABLE noise AS SELECT randomblob(4000000) AS bytes")
    monkeypatch.setattr(settings, "SMSOPS_WORK_DIR", disk)
    run = process_place.back_up()
    assert run.state == RunState.SAFE
    assert "a copy of the database needs" in run.cause
    assert list(disk.iterdir()) == []


def test_a_verification_proves_a_good_backup_anew(process_place: Place) -> None:
    backup = taken(process_place)
    Backup.objects.update(proof=Proof.READ_BACK)
    before = backup.proven_at
    run = verified(backup)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "digests, integrity_check and" in run.headline
    assert backup.proof == Proof.CHECKED
    assert backup.proven_at > before


def test_a_verification_never_lowers_a_proof(process_place: Place) -> None:
    backup = taken(process_place)
    Backup.objects.update(proof=Proof.STARTED)
    verified(backup)
    assert backup.proof == Proof.STARTED


def test_a_verification_notes_the_damage_on_that_backup_alone(process_place: Place) -> None:
    first = taken(process_place)
    process_place.execute("UPDATE grades SET grade = 1 WHERE id = 1")
    second = taken(process_place)
    spoil(pack_of(second), 8 * (pack_of(second).stat().st_size - 1))
    before = pack_of(first).read_bytes(), first.proven_at
    run = verified(second)
    assert run.state == RunState.SAFE
    assert "damaged" in second.damage
    first.refresh_from_db()
    assert (first.damage, pack_of(first).read_bytes(), first.proven_at) == ("", *before)
    assert selectors.latest_good(process_place.environment) == first


def test_a_backup_whose_folder_is_gone_is_noted_as_missing(process_place: Place) -> None:
    backup = taken(process_place)
    selectors.vault_of(process_place.environment).discard(backup.identifier)
    assert verified(backup).state == RunState.SAFE
    assert "is not in the vault" in backup.damage


def test_a_damaged_backup_cannot_be_chosen_for_a_restore(process_place: Place) -> None:
    first, second = taken(process_place), taken(process_place)
    Backup.objects.filter(pk=second.pk).update(damage="Its file is cut off.")
    second.refresh_from_db()
    with pytest.raises(WrongUse, match=r"is damaged: Its file is cut off\. Choose an older one\."):
        restores.plan(second)
    assert selectors.find(process_place.environment, "latest") == first


def test_a_verification_does_not_wait_for_an_exclusive_run(process_place: Place) -> None:
    backup = taken(process_place)
    waiting = backups.request(process_place.environment, BY)
    assert verified(backup).state == RunState.SUCCEEDED
    waiting.refresh_from_db()
    assert waiting.state == RunState.QUEUED


def test_one_exclusive_run_at_a_time(process_place: Place) -> None:
    first = backups.request(process_place.environment, BY)
    with pytest.raises(WrongUse, match=f"run {first.pk}\\) is under way"):
        backups.request(process_place.environment, BY)
    assert Run.objects.count() == 1


def test_a_scheduled_backup_is_taken(process_place: Place) -> None:
    tasks.scheduled(process_place.environment.pk)
    run = drive(Run.objects.get())
    assert run.state == RunState.SUCCEEDED, run.headline
    assert (run.trigger, Backup.objects.get().reason) == ("schedule", Reason.SCHEDULED)


def test_a_scheduled_backup_is_left_out_while_an_exclusive_run_is_under_way(process_place: Place) -> None:
    other = backups.request(process_place.environment, BY)
    tasks.scheduled(process_place.environment.pk)
    assert list(Run.objects.all()) == [other]


@pytest.mark.parametrize(("minutes", "taken"), [(20, 1), (3, 0)])
def test_what_a_deploy_kept_from_being_taken_comes_right_after_it(
    process_place: Place, minutes: int, taken: int
) -> None:
    tasks.scheduled(process_place.environment.pk)
    last = drive(Run.objects.get())
    Run.objects.filter(pk=last.pk).update(created_at=timezone.now() - timedelta(minutes=minutes))
    process_place.deploy("1.18.0")
    after = Run.objects.filter(kind="backup", trigger="schedule").exclude(pk=last.pk)
    assert [run.state for run in after] == [RunState.QUEUED] * taken


def test_no_scheduled_backup_is_taken_where_they_are_switched_off(process_place: Place) -> None:
    process_place.environment.backups_enabled = False
    process_place.environment.save()
    tasks.scheduled(process_place.environment.pk)
    tasks.scheduled(987654)
    assert not Run.objects.exists()


def test_a_backup_that_is_cancelled_before_it_begins_leaves_nothing(process_place: Place) -> None:
    run = backups.request(process_place.environment, BY)
    Run.objects.filter(pk=run.pk).update(cancel_requested=True)
    assert drive(run).state == RunState.CANCELLED
    assert not run.steps.exclude(state=StepState.PENDING).exists()
    assert selectors.vault_of(process_place.environment).identifiers() == []


def test_damage_in_a_pack_is_noted_on_every_backup_that_needs_it(process_place: Place) -> None:
    first = taken(process_place)
    process_place.execute("UPDATE grades SET grade = 1 WHERE id = 1")
    second = taken(process_place)
    spoil(pack_of(first), 8 * 3000)
    verified(first)
    second.refresh_from_db()
    assert "It needs a pack that is damaged" in second.damage
    assert selectors.latest_good(process_place.environment) is None


def test_after_damage_the_next_backup_stands_by_itself(process_place: Place, tmp_path: Path) -> None:
    spoil(pack_of(taken(process_place)), 8 * 3000)
    process_place.execute("UPDATE grades SET grade = 1 WHERE id = 1")
    backup = taken(process_place)
    vault = selectors.vault_of(process_place.environment)
    assert len(vault.manifest(backup.identifier).packs) == 1
    vault.read(backup.identifier, tmp_path / "back.db")
