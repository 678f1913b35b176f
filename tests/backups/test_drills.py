"""Drills: the disaster really happens in a sandbox, SMS really comes back, and the real one is not touched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups import tasks
from backups.engines.sqlite import SqliteEngine
from backups.models import Backup, Proof
from backups.services import drill_reports, drills, offsite, test_log
from backups.vault.remote import Site
from incidents.models import Incident
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.backups.databases import spoil
from tests.backups.test_offsite import elsewhere
from tests.backups.test_restore_tests import left
from tests.backups.vaults import pack_of
from tests.factories import make_backup, make_environment, make_run
from tests.kills import kill_at_every_boundary
from tests.places import Place, digest, drive
from tests.runtimes.acts import seen

BY = By(name="test")


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_log, "path", lambda: tmp_path / "BACKUP_TEST_LOG.md")
    monkeypatch.setattr(drill_reports, "folder", lambda: tmp_path / "drills")


@pytest.fixture
def prepared(native_sms: Place, tmp_path: Path) -> Place:
    """A running SMS with a backup here and off-site."""
    (tmp_path / "mount").mkdir()
    vault = elsewhere(native_sms, Site("folder", str(tmp_path / "mount")))
    native_sms.back_up()
    assert drive(offsite.request(vault, BY)).state == RunState.SUCCEEDED
    return native_sms


@pytest.mark.parametrize("scenario", sorted(drills.SCENARIOS))
def test_sms_comes_back_from_every_disaster_and_the_real_one_is_not_touched(prepared: Place, scenario: str) -> None:
    before, data = seen(prepared), digest(prepared.database)
    run = drive(drills.start(prepared.environment, scenario, BY))
    assert (run.state, "within the RTO of 20 min" in run.headline) == (RunState.SUCCEEDED, True), run.headline
    assert (seen(prepared), digest(prepared.database)) == (before, data)
    assert [name for name in left(prepared) if name != "offsite"] == []
    assert Backup.objects.latest("pk").proof == Proof.STARTED


def test_the_report_has_the_scenario_the_phases_and_every_step(prepared: Place) -> None:
    run = drive(drills.start(prepared.environment, "deletion", BY))
    text = (drill_reports.folder() / f"{prepared.name}-r{run.pk}.md").read_text()
    for said in ("Students were deleted by accident", "**GREEN**", "| Execute |", "50 rows of students are gone."):
        assert said in text
    assert f"run {run.pk} · passed: Drill “Students were deleted" in test_log.path().read_text()


def test_the_deleted_rows_were_really_gone_and_are_really_back(prepared: Place) -> None:
    run = drive(drills.start(prepared.environment, "deletion", BY))
    assert run.facts["drill.delete"]["gone"] == 50
    assert run.facts["drill.put_back"]["rows"] >= 50


def test_the_damage_was_really_there(prepared: Place) -> None:
    run = drive(drills.start(prepared.environment, "corruption", BY))
    assert run.facts["drill.tear"]["problem"]


def test_the_storage_drill_does_not_need_the_local_vault(prepared: Place) -> None:
    backup = Backup.objects.get()
    pack_of(backup).write_bytes(b"spoilt")
    assert drive(drills.start(prepared.environment, "storage", BY)).state == RunState.SUCCEEDED


def test_a_drill_that_fails_is_an_incident(native_sms: Place) -> None:
    native_sms.back_up()
    pack = pack_of(Backup.objects.get())
    spoil(pack, 8 * (pack.stat().st_size // 2))
    run = drive(drills.start(native_sms.environment, "corruption", BY))
    assert run.state == RunState.SAFE
    assert Incident.objects.get(fingerprint="drill").title == "A drill failed"
    assert "FAILED" in test_log.path().read_text()


@pytest.mark.slow
def test_a_drill_killed_at_any_moment_ends_and_leaves_nothing(prepared: Place) -> None:
    kill_at_every_boundary(drills.start(prepared.environment, "corruption", BY), lambda: None)
    assert Run.objects.latest("pk").state in (RunState.SUCCEEDED, RunState.SAFE)
    assert [name for name in left(prepared) if name != "offsite"] == []
    assert SqliteEngine().facts(prepared.database).problem == ""


def test_without_copies_elsewhere_their_drill_is_wrong_use(process_place: Place) -> None:
    process_place.back_up()
    with pytest.raises(WrongUse, match="no backup off-site"):
        drills.plan(process_place.environment, "storage")


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "due"), [(1, False), (80, False), (90, True)])
def test_a_drill_is_due_once_a_quarter(days: int, due: bool) -> None:
    environment = make_environment()
    make_run(environment, kind="drill", state=RunState.SUCCEEDED, created_at=timezone.now() - timedelta(days=days))
    assert drills.due(environment) is due


@pytest.mark.django_db
def test_every_scenario_has_its_turn() -> None:
    environment, turns = make_environment(), []
    for number in range(3):
        turns.append(drills.next_scenario(environment))
        when = timezone.now() + timedelta(minutes=number)
        params = {"scenario": turns[-1]}
        make_run(environment, kind="drill", state=RunState.SUCCEEDED, params=params, created_at=when)
    assert turns == ["deletion", "corruption", "deletion"]


@pytest.mark.django_db
def test_an_environment_without_a_backup_has_no_drill_and_stops_no_others(caplog: pytest.LogCaptureFixture) -> None:
    environment = make_environment()
    tasks.drills_due()
    assert not Run.objects.filter(environment=environment).exists()
    assert "has no good backup yet" in caplog.text
    assert make_backup(environment).good
