"""Restore tests and drills where SMS has PostgreSQL: SMS really runs on a copy, on a server of the run's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.engines.postgres.engine import PostgresEngine
from backups.models import Backup, Proof
from backups.services import drill_reports, drills, offsite, restore_tests, test_log
from backups.vault.remote import Site
from incidents.models import Incident, IncidentState
from smsops.environments.database_url import DatabaseUrl
from smsops.models import DatabaseEngine, RunState
from smsops.runs.plan import By
from tests.backups.clusters import PASSWORD, Cluster
from tests.backups.databases import spoil
from tests.backups.pg_schools import address
from tests.backups.test_offsite import elsewhere
from tests.backups.test_postgres_row_runs import delete_students, own_temporary_folder, servers
from tests.backups.test_postgres_runs import everything
from tests.backups.test_postgres_runs import left as databases_left
from tests.backups.test_restore_tests import left
from tests.backups.vaults import pack_of
from tests.kills import kill_at_every_boundary
from tests.places import Place, drive
from tests.runtimes.acts import seen

__all__ = ["own_temporary_folder"]
pytestmark = pytest.mark.postgres
BY = By(name="test")


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_log, "path", lambda: tmp_path / "BACKUP_TEST_LOG.md")
    monkeypatch.setattr(drill_reports, "folder", lambda: tmp_path / "drills")


@pytest.fixture
def backup(server_sms: Place) -> Backup:
    """SMS runs on PostgreSQL; its backup."""
    server_sms.back_up()
    return Backup.objects.latest("taken_at")


def test_sms_runs_on_the_backup_and_neither_the_real_one_nor_its_server_is_touched(
    backup: Backup, server_sms: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    delete_students(server, big_school)
    before, rows = seen(server_sms), PostgresEngine(big_school).row_counts()
    run = drive(restore_tests.start(backup, BY), patience=180)
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert run.headline.startswith(f"SMS 1.18.1 ran on backup {backup.identifier}: 200 students, the checklist passed")
    backup.refresh_from_db()
    assert backup.proof == Proof.STARTED
    verdicts = {check["key"]: (check["verdict"], check["detail"]) for check in run.facts["check.list"]["checks"]}
    assert {verdict for verdict, _ in verdicts.values()} <= {"pass", "skip"}, verdicts
    assert "200 students in the database" in verdicts["students"][1]
    assert (seen(server_sms), PostgresEngine(big_school).row_counts()) == (before, rows)
    assert (left(server_sms), servers(), databases_left(server, big_school)) == ([], [], set())
    assert f"run {run.pk} · passed: SMS 1.18.1 ran on backup" in test_log.path().read_text()
    assert PASSWORD not in everything(run)


def test_a_damaged_backup_fails_its_test_with_an_incident_that_a_good_one_ends(
    backup: Backup, server_sms: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    server.execute(big_school.name, "UPDATE grades SET grade = 1 WHERE id = 1")
    server_sms.back_up()
    newer = Backup.objects.latest("taken_at")
    pack = pack_of(newer)
    spoil(pack, 8 * (pack.stat().st_size - 1))
    run = drive(restore_tests.start(newer, BY))
    assert (run.state, "is damaged" in run.cause) == (RunState.SAFE, True)
    assert "FAILED: The backup" in test_log.path().read_text()
    incident = Incident.objects.get(title="A restore test failed")
    drive(restore_tests.start(backup, BY), patience=180)
    incident.refresh_from_db()
    assert (incident.state, servers()) == (IncidentState.RESOLVED, [])


def test_a_backup_of_which_not_every_row_comes_out_fails_its_test(
    backup: Backup, server_sms: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fewer(self: object, dump: Path, name: str) -> dict[str, int]:
        return {**backup.row_counts, "students": 199}

    monkeypatch.setattr("backups.engines.postgres.scratch.ScratchServer.begin", fewer)
    run = drive(restore_tests.start(backup, BY))
    assert (run.state, run.cause) == (
        RunState.SAFE,
        f"The backup {backup.identifier} is not right: other rows came out.",
    )
    assert (left(server_sms), Incident.objects.get(title="A restore test failed").state) == ([], IncidentState.OPEN)


@pytest.mark.slow
def test_a_test_survives_a_kill_at_every_boundary(backup: Backup, server_sms: Place) -> None:
    before = seen(server_sms)
    run = restore_tests.start(backup, BY)
    deaths = kill_at_every_boundary(run, lambda: seen(server_sms))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert set(map(str, deaths.seen)) == {str(before)}
    assert (left(server_sms), servers()) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", sorted(drills.SCENARIOS))
def test_sms_comes_back_from_every_disaster(
    backup: Backup, server_sms: Place, big_school: DatabaseUrl, tmp_path: Path, scenario: str
) -> None:
    (tmp_path / "mount").mkdir()
    vault = elsewhere(server_sms, Site("folder", str(tmp_path / "mount")))
    assert drive(offsite.request(vault, BY)).state == RunState.SUCCEEDED
    rows = PostgresEngine(big_school).row_counts()
    run = drive(drills.start(server_sms.environment, scenario, BY), patience=240)
    assert (run.state, "within the RTO of 20 min" in run.headline) == (RunState.SUCCEEDED, True), run.cause
    assert run.facts.get("drill.delete", {}).get("gone", 50) == 50
    assert "invalid page" in run.facts.get("drill.tear", {}).get("problem", "invalid page")
    assert PostgresEngine(big_school).row_counts() == rows
    assert ([name for name in left(server_sms) if name != "offsite"], servers()) == ([], [])
    assert (drill_reports.folder() / f"{server_sms.name}-r{run.pk}.md").exists()


@pytest.mark.docker
def test_in_a_container_sms_is_shown_the_copys_socket_and_reaches_nobody_else(
    docker_place: Place, big_school: DatabaseUrl
) -> None:
    environment = docker_place.environment
    environment.database_engine, environment.database_url = DatabaseEngine.POSTGRESQL, address(big_school)
    environment.save()
    docker_place.back_up()
    image = docker_place.runtime.image("1.18.1")
    Backup.objects.update(image_id=image.id if image else "")
    run = drive(restore_tests.start(Backup.objects.get(), BY), patience=180)
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert {check["verdict"] for check in run.facts["check.list"]["checks"]} <= {"pass", "skip"}
    assert (left(docker_place), servers()) == ([], [])
