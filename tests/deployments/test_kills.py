"""kill -9 of the worker at every boundary of deploy, rollback and restore: finished or undone, never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.models import Backup
from backups.services import restores
from deployments.services import key_changes, rollbacks, rotations
from deployments.services.config import fingerprint
from smsops import envfile
from smsops.models import RunState
from smsops.runs.plan import By
from tests.backups.test_failed_restores import edited
from tests.backups.test_restores import left_on_the_volume
from tests.kills import kill_at_every_boundary
from tests.places import Place, digest

BY = By(name="test")


@pytest.fixture
def quiet(place: Place) -> Place:
    """A place whose checks write nothing (no login), so that its database's digest tells every change."""
    place.environment.smoke_email = ""
    place.environment.save()
    return place


def snapshots(place: Place) -> str:
    return digest(place.database)


def test_a_deploy_survives_a_kill_at_every_boundary(quiet: Place) -> None:
    quiet.deploy("1.18.0")
    before = digest(quiet.database)
    run = quiet.plan_deploy("1.18.1")
    deaths = kill_at_every_boundary(run, lambda: snapshots(quiet))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert quiet.running_version() == "1.18.1"
    assert quiet.serving()
    assert set(deaths.seen) == {before}
    assert {"switch.commit:intent", "switch.commit:acted", "switch.commit:found_done"} <= deaths.at
    assert len(deaths.at) >= 40


def test_the_undo_of_a_deploy_survives_a_kill_at_every_boundary(quiet: Place) -> None:
    quiet.deploy("1.18.1")
    before = digest(quiet.database)
    run = quiet.plan_deploy("1.20.1")
    deaths = kill_at_every_boundary(run, lambda: None)
    assert run.state == RunState.UNDONE, run.headline
    assert quiet.running_version() == "1.18.1"
    assert quiet.serving()
    assert digest(quiet.database) == before
    assert {"data.hold:undo_intent", "data.hold:undo acted", "data.hold:undone"} <= deaths.at


def test_a_rollback_survives_a_kill_at_every_boundary(quiet: Place) -> None:
    quiet.deploy("1.18.0")
    quiet.deploy("1.18.1")
    before = digest(quiet.database)
    run = rollbacks.start(quiet.environment, BY)
    deaths = kill_at_every_boundary(run, lambda: snapshots(quiet))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert quiet.running_version() == "1.18.0"
    assert quiet.serving()
    assert set(deaths.seen) == {before}


def test_a_schema_rollback_survives_a_kill_at_every_boundary(quiet: Place) -> None:
    quiet.deploy("1.18.1")
    quiet.deploy("1.19.0")
    before, newer = quiet.ask("SELECT count(*) FROM grades"), digest(quiet.database)
    run = rollbacks.start(quiet.environment, BY, "1.18.1", "schema")
    deaths = kill_at_every_boundary(run, lambda: snapshots(quiet))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert quiet.running_version() == "1.18.1"
    assert quiet.serving()
    assert quiet.ask("SELECT count(*) FROM grades") == before
    assert len(set(deaths.seen) - {newer}) == 1  # the database of before or that of after, never one between
    assert {"schema.try:acted", "schema.downgrade:acted", "restore.swap:acted"} <= deaths.at
    assert left_on_the_volume(quiet) == set()


def test_a_restore_survives_a_kill_at_every_boundary(quiet: Place) -> None:
    quiet.deploy("1.18.0")
    wanted = digest(quiet.database)
    quiet.back_up()
    quiet.execute("DELETE FROM grades WHERE id % 2 = 0")
    before = digest(quiet.database)
    run = restores.start(Backup.objects.latest("taken_at"), BY)
    deaths = kill_at_every_boundary(run, lambda: snapshots(quiet))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert digest(quiet.database) == wanted
    assert quiet.serving()
    assert set(deaths.seen) == {before, wanted}
    assert "restore.swap:acted" in deaths.at


def test_the_undo_of_a_restore_survives_a_kill_at_every_boundary(quiet: Place, tmp_path: Path) -> None:
    quiet.deploy("1.18.1")
    before = digest(quiet.database)
    backup = edited(quiet, tmp_path, "UPDATE alembic_version SET version_num = 'nobody_knows'")
    run = restores.start(backup, BY)
    deaths = kill_at_every_boundary(run, lambda: None)
    assert run.state == RunState.UNDONE, run.headline
    assert digest(quiet.database) == before
    assert quiet.running_version() == "1.18.1"
    assert quiet.serving()
    assert left_on_the_volume(quiet) == set()
    assert {"restore.swap:undo_intent", "restore.swap:undo acted", "restore.swap:undone"} <= deaths.at


def keys(place: Place) -> tuple[bytes, bool]:
    """The env file, and whether SMS, where it runs, has the key that is in it."""
    found = place.runtime.inspect(place.environment.instance)
    running = key_changes.running_key(place.environment, place.runtime)
    same = running == fingerprint(envfile.read(str(place.env_file))["SECRET_KEY"])
    return place.env_file.read_bytes(), same or found is None or not found.up


def left_beside(place: Place) -> list[str]:
    return [path.name for path in place.env_file.parent.iterdir() if path.name.startswith(f".{place.env_file.name}")]


def test_a_rotation_survives_a_kill_at_every_boundary(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    before = process_place.env_file.read_bytes()
    run = rotations.start(process_place.environment, BY)
    deaths = kill_at_every_boundary(run, lambda: keys(process_place))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert process_place.serving()
    assert {file for file, _ in deaths.seen} == {before, process_place.env_file.read_bytes()}
    assert all(same for _, same in [*deaths.seen, keys(process_place)])
    assert left_beside(process_place) == []
    assert {"rotation.write:intent", "rotation.write:acted", "rotation.write:found_done"} <= deaths.at


def test_the_undo_of_a_rotation_survives_a_kill_at_every_boundary(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.add_env(RATE_LIMIT_READ="many")  # the next start fails
    before = process_place.env_file.read_bytes()
    run = rotations.start(process_place.environment, BY)
    deaths = kill_at_every_boundary(run, lambda: keys(process_place))
    assert run.state == RunState.UNDONE, run.headline
    assert process_place.serving()
    assert keys(process_place) == (before, True)
    assert all(same for _, same in deaths.seen)
    assert left_beside(process_place) == []
    assert {"rotation.write:undo_intent", "rotation.write:undo acted", "rotation.write:undone"} <= deaths.at
