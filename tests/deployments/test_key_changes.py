"""A SECRET_KEY that nobody rotated is noticed before it ends the sessions, and named after it did."""

from __future__ import annotations

import pytest

from backups.models import Backup
from backups.services import restores
from deployments.checks.base import Result
from deployments.services import config, key_changes, preflight, rotations
from smsops.models import RunState
from smsops.runs.plan import By
from smsops.runtimes.registry import runtime_for
from tests.factories import make_environment, make_release
from tests.places import ADMIN, SECRET_KEY, Place, drive, wait_for

OTHER = "zX4cV7bN1mA8sD5fG2hJ9kL6qW3eR0tY-uI8oP1aS4dF7gH2"


@pytest.fixture
def deployed(process_place: Place) -> Place:
    process_place.deploy("1.18.1")
    return process_place


def change_by_hand(place: Place, key: str = OTHER) -> None:
    place.write_env(SECRET_KEY=key, DEFAULT_ADMIN_EMAIL=ADMIN[0], DEFAULT_ADMIN_PASSWORD=ADMIN[1])


def make_anew(place: Place) -> None:
    """What DOCKER.ps1 does: SMS is removed and made again, behind our back."""
    name, runtime = place.environment.instance, place.runtime
    found = runtime.inspect(name)
    assert found is not None
    runtime.stop(name, 5)
    runtime.remove(name)
    runtime.create(name, found.image_id, found.labels)
    runtime.start(name)
    wait_for(place.serving, "SMS to serve")


def before(place: Place, version: str = "1.19.0") -> Result:
    release = place.environment.releases.get(version=version)
    return next(result for result in preflight.preconditions(release) if result.key == "signing")


def after(place: Place) -> Result:
    return next(result for result in preflight.checklist(place.environment) if result.key == "sessions")


def test_a_key_that_was_changed_since_the_last_deploy_is_a_warning_before_the_next(deployed: Place) -> None:
    assert before(deployed).verdict == "pass"
    change_by_hand(deployed)
    found = before(deployed)
    assert found.verdict == "warn"
    assert found.detail.startswith("SECRET_KEY differs from the one of config snapshot ")
    assert found.detail.endswith("every session ends when SMS is started again.")
    assert (SECRET_KEY in str(found), OTHER in str(found)) == (False, False)


def test_the_deploy_itself_warns_and_the_next_one_has_nothing_to_say(deployed: Place) -> None:
    change_by_hand(deployed)
    run = deployed.deploy("1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "WARN Signing key: SECRET_KEY differs" in run.steps.get(kind="check.preconditions").output
    assert (before(deployed).verdict, after(deployed).verdict) == ("pass", "pass")


def test_a_deploy_that_was_undone_brought_no_other_key(deployed: Place) -> None:
    change_by_hand(deployed)
    assert deployed.deploy("1.20.1").state == RunState.UNDONE
    assert "The env file has another SECRET_KEY than SMS runs with" in after(deployed).detail
    assert "differs from the one SMS runs with" in before(deployed).detail


def test_an_sms_that_was_made_anew_by_hand_is_told_by_a_look_on_demand(deployed: Place) -> None:
    change_by_hand(deployed)
    make_anew(deployed)
    found = after(deployed)
    assert (found.verdict, "the sessions of before have ended." in found.detail) == ("warn", True)
    assert "SMS runs with it already, so every session has ended." in before(deployed).detail


def test_a_restore_that_starts_the_same_instance_says_that_the_file_has_another_key(deployed: Place) -> None:
    deployed.back_up()
    change_by_hand(deployed)
    run = drive(restores.start(Backup.objects.latest("taken_at"), By(name="test")))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "WARN Sessions: The env file has another SECRET_KEY" in run.steps.get(kind="check.list").output


def test_a_rotation_explains_its_key_and_a_change_behind_it_is_told(deployed: Place) -> None:
    run = drive(rotations.start(deployed.environment, By(name="test")))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "PASS Sessions" in run.steps.get(kind="check.list").output
    assert before(deployed).detail == f"SECRET_KEY is that of run {run.pk}, which rotated it."
    change_by_hand(deployed)
    assert f"differs from the one of run {run.pk}, which rotated it" in before(deployed).detail


def test_where_nothing_is_known_nothing_is_said(transactional_db: None) -> None:
    environment = make_environment()
    result = next(each for each in preflight.preconditions(make_release(environment)) if each.key == "signing")
    assert (result.verdict, result.detail) == ("skip", "No env file is set.")
    keys = key_changes.look(environment, runtime_for(environment))
    assert (keys.pending, keys.ended, keys.unmeant) == (False, False, False)


def test_the_hashes_are_keyed_and_short_of_any_value(deployed: Place) -> None:
    keys = key_changes.look(deployed.environment, deployed.runtime)
    assert keys.file == keys.running == keys.known == config.fingerprint(SECRET_KEY)
    assert SECRET_KEY not in str(keys)
