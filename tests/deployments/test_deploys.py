"""Deploys on real SMS installations, on both runtimes."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.models import Backup
from incidents.models import Incident
from smsops.models import RunState
from tests.places import Place, digest


def test_a_first_release_is_installed_on_existing_data(place: Place) -> None:
    run = place.deploy("1.18.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert place.running_version() == "1.18.0"
    assert place.serving()


def test_a_deploy_takes_a_proven_backup_first(process_place: Place) -> None:
    run = process_place.deploy("1.18.0")
    backup = Backup.objects.get(run=run)
    assert backup.proof == "checked"
    assert backup.row_counts["students"] == 200


def test_a_release_with_a_migration_brings_the_schema_to_its_head(place: Place) -> None:
    place.deploy("1.18.0")
    run = place.deploy("1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "e82b46c1d7f0" in run.steps.get(kind="check.list").output


BROKEN = {
    "1.20.1": "crash loop",
    "1.20.2": "crash loop",
    "1.20.3": "HTTP 500",
    "1.20.5": "refused",
    "1.20.6": "is missing",
    "1.20.7": "in students, where there were before 200",
    "1.20.8": "lost their content",
    "1.20.9": "not ready",
}


@pytest.mark.parametrize(("version", "cause"), BROKEN.items())
def test_a_broken_release_is_undone_with_its_cause_named(place: Place, version: str, cause: str) -> None:
    place.deploy("1.18.1")
    before = digest_without_sessions(place)
    if cause in ("HTTP 500", "not ready"):  # it stays so: the gate waits to its end
        place.environment.gate_seconds = 20
        place.environment.save()
    run = place.deploy(version)
    assert run.state == RunState.UNDONE, run.headline
    assert cause in run.cause
    assert place.running_version() == "1.18.1"
    assert place.serving()
    assert digest_without_sessions(place) == before


def digest_without_sessions(place: Place) -> str:
    """The database's digest without what a login writes: the checklist signs in."""
    place.execute("DELETE FROM refresh_tokens")
    place.execute("UPDATE users SET failed_login_attempts=0, last_failed_login_at=NULL, lockout_until=NULL")
    return digest(place.database)


def test_a_release_that_eats_its_memory_is_undone_while_it_is_watched(docker_place: Place) -> None:
    docker_place.environment.steady_seconds = 20
    docker_place.environment.memory_limit_mb = 256
    docker_place.environment.save()
    docker_place.deploy("1.18.1")
    run = docker_place.deploy("1.20.4")
    assert run.state == RunState.UNDONE, run.headline
    assert "memory" in run.cause


def test_a_release_that_ignores_the_stop_is_killed_after_the_grace(place: Place) -> None:
    place.environment.stop_seconds = 1
    place.environment.save()
    place.deploy("1.20.10")
    run = place.deploy("1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert run.facts["switch.stop"]["killed"]


def test_a_failed_deploy_leaves_an_incident_with_evidence_from_before_the_undo(place: Place) -> None:
    place.deploy("1.18.1")
    run = place.deploy("1.20.1")
    incident = Incident.objects.get(run=run)
    log = incident.evidence.get(name="log.txt")
    assert "ModuleNotFoundError" in Path(log.path).read_text()
    assert run.finished_at is not None
    assert log.taken_at < run.finished_at
