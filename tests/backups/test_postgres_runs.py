"""Backups, verifications and restores of an SMS whose database is on a real PostgreSQL, as runs.

SMS serves from a file of its own here; the rows that are backed up, restored and compared are the server's. One that
really works on the server is in test_postgres_trials.py.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings

from backups import selectors
from backups.engines.postgres import dumps
from backups.engines.postgres.engine import PostgresEngine
from backups.models import Backup, Proof
from backups.services import backups, databases, restores
from backups.vault import slots
from deployments.models import Release
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError
from smsops.models import DatabaseEngine, Run, RunState
from smsops.runs.plan import By
from smsops.runtimes import registry
from smsops.runtimes.base import Told
from tests.backups.clusters import PASSWORD, Cluster
from tests.backups.test_backup_runs import taken, verified
from tests.kills import kill_at_every_boundary
from tests.places import Place, drive
from tests.runtimes.acts import launch

pytestmark = pytest.mark.postgres
BY = By(name="test")
ROOT = Path(__file__).resolve().parents[2]


def address(url: DatabaseUrl) -> str:
    return f"postgresql://{url.user}:{quote(PASSWORD, safe='')}@{url.server}/{url.name}?sslmode=disable"


@pytest.fixture
def sms(process_place: Place, server: Cluster, school_url: DatabaseUrl) -> Place:
    """A running SMS of release 1.18.1; its environment has PostgreSQL."""
    process_place.add_env(DATABASE_URL=f"sqlite:///{process_place.database}")
    environment = process_place.environment
    environment.database_engine, environment.database_url = DatabaseEngine.POSTGRESQL, address(school_url)
    environment.smoke_email, environment.core_tables = "", ["students", "grades"]
    environment.checks_off = {"env_file": "this SMS has SQLite, only smsops sees the server"}
    environment.full_clean()
    environment.save()
    launch(process_place)
    server.execute(school_url.name, f"UPDATE alembic_version SET version_num = '{heads_of(process_place)}'")
    return process_place


def heads_of(place: Place) -> str:
    """The schema revision release 1.18.1 needs."""
    return str(Release.objects.get(environment=place.environment, version="1.18.1").heads)


def grades(server: Cluster, url: DatabaseUrl) -> int:
    return int(str(server.execute(url.name, "SELECT count(*) FROM grades")[0][0]))


def left(server: Cluster, url: DatabaseUrl) -> set[str]:
    """Databases beside the live one."""
    return {name for name in server.databases() if name.startswith(url.name)} - {url.name}


def folders() -> set[str]:
    return {path.name for path in Path(settings.SMSOPS_WORK_DIR).iterdir()}


def everything(run: Run) -> str:
    """All that a run wrote down."""
    run.refresh_from_db()
    steps = [f"{step.output} {step.result} {step.memo}" for step in run.steps.all()]
    return f"{run.headline} {run.cause} {run.facts} {run.params} {steps}"


def test_a_backup_holds_the_servers_rows_and_says_so(sms: Place, school_url: DatabaseUrl, tmp_path: Path) -> None:
    backup = taken(sms)
    manifest = selectors.vault_of(sms.environment).read(backup.identifier, tmp_path / "layout")
    assert (manifest.engine, manifest.database) == ("postgresql", school_url.name)
    assert backup.row_counts["students"] == 50
    slots.unfold(tmp_path / "layout", tmp_path / "dump")
    assert (tmp_path / "dump").read_bytes()[:5] == b"PGDMP"
    assert folders() == {"images"}


def test_a_backup_can_be_had_without_smsops(sms: Place, school_url: DatabaseUrl, tmp_path: Path) -> None:
    taken(sms)
    vault, script = selectors.vault_of(sms.environment).shelf.root, ROOT / "docs" / "restore_without_smsops.py"
    words = ["restore", vault, settings.SMSOPS_KEYS_DIR, "latest", tmp_path / "dump"]
    subprocess.run([sys.executable, str(script), *map(str, words)], check=True, capture_output=True)
    assert dumps.contents(tmp_path / "dump").row_counts == PostgresEngine(school_url).row_counts()


def test_the_next_backup_adds_only_what_changed(sms: Place, server: Cluster, school_url: DatabaseUrl) -> None:
    server.execute(school_url.name, "INSERT INTO notes SELECT md5(g::text) FROM generate_series(1, 30000) g")
    first = taken(sms)
    server.execute(school_url.name, "UPDATE grades SET mark = 7 WHERE id % 5 = 0")
    second = taken(sms)
    assert second.row_counts == first.row_counts
    assert second.stored_size < first.stored_size / 50


def test_a_verification_restores_it_into_a_new_database_and_drops_that(
    sms: Place, server: Cluster, school_url: DatabaseUrl
) -> None:
    backup = taken(sms)
    run = verified(backup)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "a restore into a new database and" in run.headline
    assert backup.proof == Proof.RESTORED
    assert left(server, school_url) == set()


@pytest.mark.slow
def test_a_restore_brings_the_rows_back_and_keeps_what_was_there(
    sms: Place, server: Cluster, school_url: DatabaseUrl
) -> None:
    backup = taken(sms)
    server.execute(school_url.name, "DELETE FROM grades")
    run = drive(restores.start(backup, BY))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert grades(server, school_url) == 50
    assert Backup.objects.get(run=run).row_counts["grades"] == 0
    assert (left(server, school_url), folders()) == (set(), {"images"})
    assert PASSWORD not in everything(run)
    drive(restores.start(Backup.objects.get(run=run), BY))
    assert grades(server, school_url) == 0


@pytest.mark.slow
def test_a_restore_survives_a_kill_at_every_boundary(sms: Place, server: Cluster, school_url: DatabaseUrl) -> None:
    backup = taken(sms)
    server.execute(school_url.name, "DELETE FROM grades WHERE id > 20")
    run = restores.start(backup, BY)
    deaths = kill_at_every_boundary(run, lambda: grades(server, school_url))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert set(deaths.seen) == {20, 50}
    assert grades(server, school_url) == 50
    assert {"restore.swap:intent", "restore.swap:acted", "restore.swap:found_done"} <= deaths.at
    assert (left(server, school_url), folders()) == (set(), {"images"})


@pytest.mark.slow
def test_the_undo_of_a_restore_survives_a_kill_at_every_boundary(
    sms: Place, server: Cluster, school_url: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = taken(sms)
    server.execute(school_url.name, "DELETE FROM grades WHERE id > 20")
    monkeypatch.setattr("backups.steps.restored.CompareRows.do", _refuse)
    run = restores.start(backup, BY)
    deaths = kill_at_every_boundary(run, lambda: grades(server, school_url))
    assert run.state == RunState.UNDONE, f"{run.headline} {run.cause}"
    assert sms.serving()
    assert grades(server, school_url) == 20
    assert {"restore.swap:undo_intent", "restore.swap:undo acted"} <= deaths.at
    assert left(server, school_url) == set()


@pytest.mark.slow
def test_a_deploy_that_spoils_the_data_gets_the_held_copy_back(
    sms: Place, server: Cluster, school_url: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.steps.hold.CompareData.do", _delete_grades(server, school_url))
    run = sms.deploy("1.18.0")
    assert run.state == RunState.UNDONE, f"{run.headline} {run.cause}"
    assert grades(server, school_url) == 50
    assert left(server, school_url) == set()


def _refuse(*_: object) -> None:
    raise OpsError("Something is wrong.")


def _delete_grades(server: Cluster, url: DatabaseUrl) -> object:
    def do(*_: object) -> None:
        server.execute(url.name, "DELETE FROM grades")
        _refuse()

    return do


def test_a_backup_of_sqlite_is_not_put_onto_the_server(process_place: Place, server: Cluster) -> None:
    launch(process_place)
    backup, url = taken(process_place), server.new()
    process_place.environment.database_engine = DatabaseEngine.POSTGRESQL
    process_place.environment.database_url = address(url)
    process_place.environment.save()
    run = drive(restores.start(Backup.objects.get(pk=backup.pk), BY))
    assert run.state == RunState.SAFE
    assert "is of sqlite; the environment has postgresql now" in run.cause
    assert left(server, url) == set()


def test_a_server_that_is_away_fails_a_backup_in_one_sentence_without_the_password(sms: Place) -> None:
    sms.environment.database_url = f"postgresql://sms:{PASSWORD[:5]}canary@127.0.0.1:1/sms"
    sms.environment.save()
    run = drive(backups.request(sms.environment, BY))
    assert run.state == RunState.SAFE
    assert run.cause == "PostgreSQL at 127.0.0.1:1 does not answer."
    assert "canary" not in everything(run)


def test_the_real_database_is_never_taken_for_a_sandboxs(sms: Place, tmp_path: Path) -> None:
    sandbox = registry.sandbox_for(sms.environment, tmp_path, 1, Told())
    with pytest.raises(OpsError, match="The copy is gone"):
        databases.of(sms.environment, sandbox)
