"""Restore tests: SMS really runs on a copy of the backup, in isolation, and the real one is not touched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import docker
import pytest
from django.conf import settings
from django.utils import timezone

from backups.models import Backup, Proof
from backups.services import restore_tests, test_log
from backups.tasks import restore_tests_due
from incidents.models import Incident, IncidentState
from smsops import envfile
from smsops.models import Run, RunState
from smsops.runs.plan import By, submit
from smsops.runtimes.docker import SANDBOX_NETWORK
from tests.backups.databases import spoil
from tests.backups.vaults import pack_of
from tests.kills import kill_at_every_boundary
from tests.places import Place, digest, drive
from tests.runtimes.acts import seen

BY = By(name="test")


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_log, "path", lambda: tmp_path / "BACKUP_TEST_LOG.md")


def deployed(place: Place) -> Backup:
    """SMS 1.18.1 runs; its backup."""
    place.deploy("1.18.1")
    place.back_up()
    return Backup.objects.latest("taken_at")


def left(place: Place) -> list[str]:
    """What a sandbox may have left: work folders, instances, containers."""
    found = [path.name for path in Path(settings.SMSOPS_WORK_DIR).iterdir() if path.name != "images"]
    state = Path(settings.DATA_DIR) / "instances" / f"{place.name}.sandbox"
    found += [path.name for path in state.iterdir()] if state.is_dir() else []
    if place.environment.runtime == "docker":
        known = docker.from_env().containers.list(all=True, filters={"name": f"{place.environment.instance}-sandbox"})
        found += [str(each.name) for each in known]
    return found


def test_sms_runs_on_the_backup_and_the_real_one_is_not_touched(place: Place) -> None:
    backup = deployed(place)
    place.environment.smoke_email = ""
    place.environment.save()
    before, data = seen(place), digest(place.database)
    run = drive(restore_tests.start(backup, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    backup.refresh_from_db()
    assert backup.proof == Proof.STARTED
    assert run.headline.startswith(f"SMS 1.18.1 ran on backup {backup.identifier}: 200 students, the checklist passed")
    assert (seen(place), digest(place.database)) == (before, data)
    assert left(place) == []


def test_the_checklist_is_run_against_the_copy(place: Place) -> None:
    backup = deployed(place)
    place.execute("DELETE FROM students WHERE id > 100")
    run = drive(restore_tests.start(backup, BY))
    checks = {check["key"]: check for check in run.facts["check.list"]["checks"]}
    assert {check["verdict"] for check in checks.values()} <= {"pass", "skip"}, checks
    assert run.facts["test.unpack"]["row_counts"]["students"] == 200


def test_a_line_is_written_into_the_log_once(process_place: Place) -> None:
    run = drive(restore_tests.start(deployed(process_place), BY))
    test_log.passed(process_place.environment, run.pk, "again")
    (line,) = [line for line in test_log.path().read_text().splitlines() if line.startswith("- ")]
    assert f"{process_place.name} · run {run.pk} · passed: SMS 1.18.1 ran on backup" in line


def test_a_damaged_backup_fails_its_test_with_an_incident_that_a_good_one_ends(process_place: Place) -> None:
    backup = deployed(process_place)
    process_place.execute("UPDATE grades SET grade = 1 WHERE id = 1")
    process_place.back_up()
    newer = Backup.objects.latest("taken_at")
    pack = pack_of(newer)
    spoil(pack, 8 * (pack.stat().st_size - 1))
    run = drive(restore_tests.start(newer, BY))
    assert (run.state, "is damaged" in run.cause) == (RunState.SAFE, True)
    assert "FAILED: The backup" in test_log.path().read_text()
    incident = Incident.objects.get(title="A restore test failed")
    drive(restore_tests.start(backup, BY))
    incident.refresh_from_db()
    assert incident.state == IncidentState.RESOLVED


def test_a_release_that_does_not_come_up_fails_the_test_and_leaves_nothing(place: Place, tmp_path: Path) -> None:
    backup = deployed(place)
    place.environment.gate_seconds = 8
    place.environment.save()
    Backup.objects.update(image_id=place.runtime.image("1.20.3").id)  # type: ignore[union-attr]
    plan = restore_tests.plan(backup)
    plan.params["image_id"] = place.runtime.image("1.20.3").id  # type: ignore[union-attr]
    run = drive(submit(plan, BY))
    assert run.state == RunState.SAFE, run.headline
    assert left(place) == []
    assert place.serving()


def test_a_test_survives_a_kill_at_every_boundary(place: Place) -> None:
    backup = deployed(place)
    before = seen(place)
    run = restore_tests.start(backup, BY)
    deaths = kill_at_every_boundary(run, lambda: seen(place))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert set(map(str, deaths.seen)) == {str(before)}
    assert left(place) == []


@pytest.mark.docker
def test_a_sandbox_reaches_nobody_outside(docker_place: Place) -> None:
    docker_place.deploy("1.18.1")
    client = docker.from_env()
    drive(restore_tests.start(Backup.objects.latest("taken_at"), BY))
    (network,) = client.networks.list(names=[SANDBOX_NETWORK])
    assert network.attrs["Internal"] is True


def test_mail_and_the_like_are_taken_out_of_a_sandboxs_settings(process_place: Place) -> None:
    assert envfile.cut_off({"SMTP_HOST": "mail", "SECRET_KEY": "s", "DATABASE_URL": "x"}) == {"SECRET_KEY": "s"}


def test_the_turn_goes_round(process_place: Place) -> None:
    assert restore_tests.next_to_test(process_place.environment) is None
    for _ in range(3):
        process_place.back_up()
    oldest, middle, newest = Backup.objects.order_by("taken_at")
    assert restore_tests.next_to_test(process_place.environment) == newest
    Backup.objects.filter(pk=newest.pk).update(proof=Proof.STARTED)
    Backup.objects.filter(pk=oldest.pk).update(proven_at=timezone.now() + timedelta(minutes=1))
    assert restore_tests.next_to_test(process_place.environment) == middle


def test_the_schedule_starts_a_test_where_there_is_something_to_test(process_place: Place) -> None:
    restore_tests_due()
    assert not Run.objects.filter(kind="restore_test").exists()
    deployed(process_place)
    restore_tests_due()
    restore_tests_due()
    assert Run.objects.filter(kind="restore_test").count() == 1
