"""The vault is kept tidy, and the catalogue can be made again from it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups import selectors
from backups.models import Backup, Proof, Reason, RetentionPolicy
from backups.services import backups, housekeeping
from incidents.models import Incident, Severity
from incidents.services import incidents
from incidents.services.incidents import Sign
from smsops.models import RunState, StepState
from smsops.runs.plan import By
from tests.backups.vaults import manifest_file
from tests.places import Place, drive

BY = By(name="test")


def aged(place: Place, *days: int) -> list[Backup]:
    """Backups of so many days ago."""
    found = []
    for number, age in enumerate(days):
        place.execute(f"UPDATE grades SET grade = {number} WHERE id = 1")
        backup = Backup.objects.get(run=place.back_up())
        Backup.objects.filter(pk=backup.pk).update(taken_at=timezone.now() - timedelta(days=age))
        found.append(backup)
    return found


def identifiers(place: Place) -> list[str]:
    return selectors.vault_of(place.environment).identifiers()


@pytest.fixture
def few_days(process_place: Place) -> Place:
    """An environment that keeps two days and nothing else."""
    RetentionPolicy.objects.create(
        environment=process_place.environment, keep_days=2, keep_daily=0, keep_weekly=0, keep_monthly=0
    )
    return process_place


def test_old_backups_go_with_their_packs_and_the_rest_can_be_read(few_days: Place, tmp_path: Path) -> None:
    *_, fresh = aged(few_days, 3, 5, 0)
    run = drive(housekeeping.request(few_days.environment, BY))
    assert run.headline == "2 backups went by the policy, 0 packs with them."
    assert identifiers(few_days) == [fresh.identifier]
    assert list(Backup.objects.all()) == [fresh]
    selectors.vault_of(few_days.environment).read(fresh.identifier, tmp_path / "back.db")


def test_a_preview_changes_nothing_and_says_why_each_stays(few_days: Place) -> None:
    old, fresh = aged(few_days, 3, 0)
    said = {each.point.identifier: each.why for each in housekeeping.preview(few_days.environment)}
    assert said == {fresh.identifier: "of the last 2 days", old.identifier: ""}
    assert len(identifiers(few_days)) == 2


def test_what_a_live_incident_may_need_stays(few_days: Place) -> None:
    older, before, since, fresh = aged(few_days, 9, 7, 5, 0)
    incidents.report(few_days.environment, Sign("service", Severity.HIGH, "SMS is away", "No answer."))
    Incident.objects.update(detected_at=timezone.now() - timedelta(days=6))
    drive(housekeeping.request(few_days.environment, BY))
    assert identifiers(few_days) == sorted(each.identifier for each in (before, since, fresh))
    assert not Backup.objects.filter(pk=older.pk).exists()


def test_what_the_last_deploys_began_with_stays(few_days: Place) -> None:
    deploy = few_days.deploy("1.18.0")
    first = Backup.objects.get(run=deploy)
    Backup.objects.filter(pk=first.pk).update(taken_at=timezone.now() - timedelta(days=100))
    aged(few_days, 0)
    drive(housekeeping.request(few_days.environment, BY))
    assert first.identifier in identifiers(few_days)


def test_a_scheduled_backup_tidies_up_once_a_day(few_days: Place) -> None:
    for state in (StepState.DONE, StepState.SKIPPED):
        run = drive(backups.request(few_days.environment, BY, Reason.SCHEDULED))
        assert (run.state, run.steps.get(kind="vault.tidy").state) == (RunState.SUCCEEDED, state)
    assert "stored and proven" in run.headline


def test_a_vault_that_cannot_be_tidied_does_not_spoil_the_backup(few_days: Place) -> None:
    (old,) = aged(few_days, 0)
    manifest_file(selectors.vault_of(few_days.environment), old.identifier).write_text("{")
    run = drive(backups.request(few_days.environment, BY, Reason.SCHEDULED))
    assert run.state == RunState.SUCCEEDED
    assert "But “Tidy up the vault” failed: The backup's manifest is damaged." in run.headline


def test_the_catalogue_is_made_again_from_the_vault_alone(process_place: Place) -> None:
    wanted = aged(process_place, 0, 0)
    facts = [(each.identifier, each.root, each.row_counts, each.size) for each in wanted]
    Backup.objects.all().delete()
    found = housekeeping.reindex(process_place.environment)
    assert (found.added, found.gone, found.problems) == (sorted(name for name, *_ in facts), [], [])
    again = Backup.objects.order_by("taken_at")
    assert [(each.identifier, each.root, each.row_counts, each.size) for each in again] == facts
    assert {each.proof for each in again} == {Proof.STORED}


def test_after_that_the_latest_is_the_newest_one_and_a_proven_one_comes_before_it(process_place: Place) -> None:
    first, second = aged(process_place, 0, 0)
    Backup.objects.update(proof=Proof.STORED)
    assert selectors.find(process_place.environment, "latest") == second
    drive(backups.verify(first, BY))
    assert selectors.find(process_place.environment, "latest") == first


def test_the_latest_is_here_before_it_is_only_elsewhere_and_never_a_damaged_one(process_place: Place) -> None:
    first, second = aged(process_place, 0, 0)
    Backup.objects.update(proof=Proof.STORED)
    Backup.objects.filter(pk=second.pk).update(here=False)
    assert selectors.latest(process_place.environment) == first
    Backup.objects.filter(pk=first.pk).update(damage="bits")
    assert selectors.latest(process_place.environment) == second
    Backup.objects.update(damage="bits")
    assert selectors.latest(process_place.environment) is None


def test_a_backup_that_is_gone_from_the_vault_is_marked_and_not_forgotten(process_place: Place) -> None:
    first, second = aged(process_place, 0, 0)
    selectors.vault_of(process_place.environment).discard(first.identifier)
    assert housekeeping.reindex(process_place.environment).gone == [first.identifier]
    first.refresh_from_db()
    second.refresh_from_db()
    assert ("is not in the vault" in first.damage, second.damage) == (True, "")


def test_reindexing_again_changes_nothing(process_place: Place) -> None:
    aged(process_place, 0)
    before = list(Backup.objects.values())
    housekeeping.reindex(process_place.environment)
    assert list(Backup.objects.values()) == before


def test_a_manifest_that_cannot_be_read_is_named_and_the_others_are_entered(process_place: Place) -> None:
    first, second = aged(process_place, 0, 0)
    manifest_file(selectors.vault_of(process_place.environment), first.identifier).write_text("{")
    Backup.objects.all().delete()
    found = housekeeping.reindex(process_place.environment)
    assert (found.added, found.problems) == ([second.identifier], ["The backup's manifest is damaged."])
