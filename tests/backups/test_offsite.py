"""Backups are copied to vaults elsewhere, told when they are late, and brought back from there."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups import selectors, tasks
from backups.models import Backup, OffsiteVault, Proof
from backups.services import backups, housekeeping, lags, offsite, rescues, restores
from backups.vault.remote import Site
from backups.vault.shelf import FolderShelf
from incidents.models import Incident, IncidentState
from smsops.errors import OpsError, WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.backups.servers import moto
from tests.backups.vaults import pack_of
from tests.places import Place, drive

BY = By(name="test")


def elsewhere(place: Place, site: Site, **more: object) -> OffsiteVault:
    """An off-site vault of the place at a site."""
    fields = ("kind", "bucket", "address", "prefix", "user", "secret", "region", "host_key")
    values = {name: getattr(site, name) for name in fields}
    return OffsiteVault.objects.create(environment=place.environment, name="away", **(values | more))


@pytest.fixture
def away(process_place: Place, tmp_path: Path) -> OffsiteVault:
    """A mounted folder."""
    (tmp_path / "mount").mkdir()
    return elsewhere(process_place, Site("folder", str(tmp_path / "mount")))


def taken(place: Place) -> Backup:
    return Backup.objects.get(run=place.back_up())


def copied(vault: OffsiteVault) -> Run:
    run = drive(offsite.request(vault, BY))
    vault.refresh_from_db()
    return run


def test_every_backup_is_copied_to_every_kind_of_server_and_comes_back(
    process_place: Place, site: Site, tmp_path: Path
) -> None:
    vault, backup = elsewhere(process_place, site), taken(process_place)
    run = copied(vault)
    assert (run.state, "Every backup is in away" in run.headline) == (RunState.SUCCEEDED, True)
    shutil.rmtree(selectors.vault_of(process_place.environment).shelf.root)
    assert "were brought back from away" in rescues.bring_back(process_place.environment, backup.identifier)
    manifest = selectors.vault_of(process_place.environment).read(backup.identifier, tmp_path / "back.db")
    assert manifest.root == backup.root


def test_a_backup_that_is_there_has_a_replica_and_its_vault_no_lag(away: OffsiteVault, process_place: Place) -> None:
    backup = taken(process_place)
    Backup.objects.update(taken_at=timezone.now() - timedelta(minutes=5))
    assert lags.of(away) > timedelta(minutes=4)
    assert lags.standings([away.environment_id + 1]) == []
    (found,) = lags.standings([away.environment_id])
    assert found[1] == pytest.approx(lags.of(away), abs=timedelta(seconds=5))
    copied(away)
    assert (backup.replicas.get().vault, lags.of(away)) == (away, timedelta())


def test_the_schedule_copies_what_is_new_once(away: OffsiteVault, process_place: Place) -> None:
    taken(process_place)
    tasks.copy_offsite()
    tasks.copy_offsite()
    (run,) = Run.objects.filter(kind="replication")
    assert drive(run).state == RunState.SUCCEEDED
    tasks.copy_offsite()
    assert Run.objects.filter(kind="replication").count() == 1


def test_copies_that_are_late_are_an_incident_until_they_have_caught_up(
    away: OffsiteVault, process_place: Place
) -> None:
    taken(process_place)
    Backup.objects.update(taken_at=timezone.now() - timedelta(hours=2))
    tasks.copy_offsite()
    incident = Incident.objects.get(fingerprint=f"offsite:{away.pk}")
    assert incident.title == "Backups are not copied to away"
    drive(Run.objects.get(kind="replication"))
    tasks.copy_offsite()
    incident.refresh_from_db()
    assert incident.state == IncidentState.RESOLVED


def test_a_server_that_is_away_is_said_in_a_sentence_and_asked_less_and_less_often(
    process_place: Place, tmp_path: Path
) -> None:
    with moto(tmp_path) as site:
        vault = elsewhere(process_place, site)
    taken(process_place)
    run = copied(vault)
    assert (run.state, vault.failures) == (RunState.SAFE, 1)
    assert "does not answer" in vault.problem
    assert site.secret not in vault.problem + run.headline
    assert offsite.due() == []
    Run.objects.update(finished_at=timezone.now() - timedelta(minutes=3))
    assert offsite.due() == [vault]


def test_a_damaged_backup_is_mended_from_its_copy(away: OffsiteVault, process_place: Place, tmp_path: Path) -> None:
    backup = taken(process_place)
    copied(away)
    pack_of(backup).write_bytes(b"spoilt")
    assert drive(backups.verify(backup, BY)).state == RunState.SAFE
    run = drive(rescues.start(backup, BY))
    assert (run.state, "brought back from away" in run.headline) == (RunState.SUCCEEDED, True)
    backup.refresh_from_db()
    assert backup.damage == ""
    selectors.vault_of(process_place.environment).read(backup.identifier, tmp_path / "back.db")


def test_a_damaged_backup_is_not_copied_over_a_good_one_and_the_run_says_so(
    away: OffsiteVault, process_place: Place
) -> None:
    pack_of(taken(process_place)).write_bytes(b"spoilt")
    run = copied(away)
    assert (run.state, "is damaged in the vault" in run.headline) == (RunState.SAFE, True)
    assert away.problem == run.cause


def test_after_the_loss_of_vault_and_catalogue_a_backup_elsewhere_is_found_and_restored(
    away: OffsiteVault, native_sms: Place
) -> None:
    backup = taken(native_sms)
    copied(away)
    before = native_sms.students()
    native_sms.execute("DELETE FROM students WHERE id = 1")
    shutil.rmtree(selectors.vault_of(native_sms.environment).shelf.root)
    Backup.objects.all().delete()
    assert rescues.reindex(away).added == [backup.identifier]
    found = Backup.objects.get()
    assert (found.here, found.proof, found.good) == (False, Proof.STORED, False)
    assert drive(restores.start(found, BY)).state == RunState.SUCCEEDED
    assert native_sms.students() == before


def test_a_backup_that_left_the_vault_is_known_to_be_elsewhere(away: OffsiteVault, process_place: Place) -> None:
    backup = taken(process_place)
    copied(away)
    selectors.vault_of(process_place.environment).discard(backup.identifier)
    housekeeping.reindex(process_place.environment)
    backup.refresh_from_db()
    assert (backup.here, backup.damage) == (False, "")
    assert selectors.latest_good(process_place.environment) is None


def test_packs_are_not_swept_up_while_they_are_copied(away: OffsiteVault, process_place: Place) -> None:
    vault = selectors.vault_of(process_place.environment)
    taken(process_place)
    with vault.in_use(), pytest.raises(OpsError, match="is in use"):
        vault.collect()
    assert vault.collect() == 0


def test_two_may_use_a_vault_at_once(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path / "vault")
    with shelf.locked(alone=False), shelf.locked(alone=False):
        assert (tmp_path / "vault").is_dir()


def test_one_run_copies_to_a_vault_at_a_time(away: OffsiteVault, process_place: Place) -> None:
    offsite.request(away, BY)
    with pytest.raises(WrongUse, match="are being copied to away already"):
        offsite.request(away, BY)


def test_a_backup_without_a_copy_cannot_be_brought_back(process_place: Place) -> None:
    backup = taken(process_place)
    with pytest.raises(WrongUse, match="No off-site vault has a copy"):
        rescues.start(backup, BY)
