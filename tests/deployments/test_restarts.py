"""SMS started again, made anew, with more memory, its old key, its schema upgraded: it serves, or all is as before."""

from __future__ import annotations

import pytest

from deployments.services import restarts, upgrades
from deployments.services.rebuilds import plan as plan_rebuild
from smsops import envfile
from smsops.errors import WrongUse
from smsops.models import Environment, RunState
from smsops.runs.plan import By
from tests.admin.browser import Browser, door, everything
from tests.deployments.test_key_changes import OTHER, change_by_hand, make_anew
from tests.factories import make_user, make_viewer
from tests.kills import kill_at_every_boundary
from tests.places import SECRET_KEY, Place, drive
from tests.runtimes.acts import launch, seen

BY = By(name="test", reason="it is broken")


@pytest.fixture
def running(place: Place) -> Place:
    launch(place)
    return place


@pytest.fixture
def native(process_place: Place) -> Place:
    launch(process_place)
    return process_place


def test_a_restart_starts_the_same_instance_again(running: Place) -> None:
    before = seen(running)
    run = drive(restarts.restart(running.environment, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    after = seen(running)
    assert after.id == before.id
    assert after.started_at is not None
    assert before.started_at is not None
    assert after.started_at > before.started_at
    assert running.serving()


def test_a_restart_that_does_not_help_says_so_and_leaves_all_as_it_was(native: Place) -> None:
    native.environment.gate_seconds = 6
    native.environment.save()
    native.execute("DROP TABLE students")
    run = drive(restarts.restart(native.environment, BY))
    assert run.state == RunState.SAFE, run.headline
    assert seen(native).version == "1.18.1"


def test_made_anew_it_has_what_the_env_file_says_now(running: Place) -> None:
    running.add_env(NEW_SWITCH="1")
    run = drive(restarts.recreate(running.environment, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "NEW_SWITCH" in str(running.runtime.describe(running.environment.instance))
    assert running.serving()


def test_what_does_not_come_up_is_undone(native: Place) -> None:
    good = native.env_file.read_text()
    native.write_env(SECRET_KEY="change-me", SECRET_KEY_STRICT_ENFORCEMENT="true")
    run = drive(restarts.give_memory(native.environment, 2048, BY))
    assert run.state == RunState.UNDONE, run.headline
    assert Environment.objects.get().memory_limit_mb == 1024
    assert native.serving()
    native.env_file.write_text(good)


def test_more_memory_is_for_good(native: Place) -> None:
    run = drive(restarts.give_memory(native.environment, 2048, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert Environment.objects.get().memory_limit_mb == 2048
    assert "2048" in str(native.runtime.describe(native.environment.instance)["spec"])


@pytest.mark.parametrize("wanted", [1024, 64, 2_000_000])
def test_less_memory_or_any_amount_is_refused(native: Place, wanted: int) -> None:
    with pytest.raises(WrongUse, match="give a larger number"):
        restarts.plan_memory(native.environment, wanted)


@pytest.fixture
def locked_out(process_place: Place) -> Place:
    """SMS was deployed; then somebody changed its key and made it anew."""
    process_place.deploy("1.18.1")
    change_by_hand(process_place)
    make_anew(process_place)
    return process_place


def key_of(place: Place) -> str:
    return envfile.read(str(place.env_file))["SECRET_KEY"]


def test_the_key_that_was_known_is_put_back(locked_out: Place) -> None:
    run = drive(restarts.put_key_back(locked_out.environment, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert key_of(locked_out) == SECRET_KEY
    assert locked_out.serving()
    told = str(list(run.steps.values())) + str(list(run.journal.values())) + str(run.facts)
    assert [key for key in (SECRET_KEY, OTHER) if key in told] == []


def test_then_there_is_nothing_left_to_put_back(locked_out: Place) -> None:
    drive(restarts.put_key_back(locked_out.environment, BY))
    with pytest.raises(WrongUse, match="there is nothing to put back"):
        restarts.plan_key_back(locked_out.environment)


def test_when_it_fails_the_file_is_as_it_was_and_the_key_can_still_be_put_back(locked_out: Place) -> None:
    locked_out.environment.gate_seconds = 6
    locked_out.environment.save()
    locked_out.execute("DROP TABLE students")
    run = drive(restarts.put_key_back(locked_out.environment, BY), 180)
    assert run.state != RunState.SUCCEEDED
    assert key_of(locked_out) == OTHER
    assert restarts.plan_key_back(locked_out.environment).params["snapshot"]


def test_a_schema_that_is_behind_is_upgraded_by_the_release_itself(native: Place) -> None:
    native.deploy("1.19.0")
    newer = native.environment.releases.get(version="1.19.0").heads
    behind(native)
    run = drive(upgrades.start(native.environment, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert native.ask(f"SELECT count(*) FROM alembic_version WHERE version_num = '{newer}'") == 1
    assert (native.serving(), native.students()) == (True, 200)


def behind(place: Place) -> None:
    """The database as the release before had it."""
    older = place.environment.releases.get(version="1.18.1").heads
    place.execute("DROP TABLE announcements")
    place.execute("ALTER TABLE students DROP COLUMN guardian_phone")
    place.execute(f"UPDATE alembic_version SET version_num = '{older}'")


def test_a_migration_that_fails_loses_no_row(native: Place) -> None:
    native.deploy("1.19.0")
    older = native.environment.releases.get(version="1.18.1").heads
    native.execute(f"UPDATE alembic_version SET version_num = '{older}'")  # its table is there already
    run = drive(upgrades.start(native.environment, BY), 120)
    assert run.state in (RunState.UNDONE, RunState.NEEDS_HUMAN), run.headline
    assert "The migration failed: " in run.cause
    assert native.students() == 200


def test_where_the_schema_is_right_there_is_nothing_to_upgrade(native: Place) -> None:
    with pytest.raises(WrongUse, match="which is what"):
        upgrades.plan(native.environment)


def test_an_sms_that_runs_natively_has_no_image_to_build(native: Place) -> None:
    with pytest.raises(WrongUse, match="runs natively"):
        plan_rebuild(native.environment)


@pytest.mark.slow
def test_a_restart_survives_a_kill_at_every_boundary(native: Place) -> None:
    run = restarts.restart(native.environment, BY)
    deaths = kill_at_every_boundary(run, native.serving)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert len(deaths.at) > 8
    assert native.serving()


@pytest.mark.parametrize("name", ["restart", "recreate", "more-memory", "key-back", "upgrade"])
def test_who_may_not_does_not_and_a_look_changes_nothing(native: Place, name: str) -> None:
    address = door(native.environment, name)
    assert Browser(make_viewer()).get(address).status == 403
    assert Browser(make_viewer()).post(address, typed_name=native.name, reason="x").status == 403
    browser = Browser(make_user(
        "smsops.view_environment", "smsops.restart_environment", "smsops.rotate_environment",
        "smsops.deploy_environment",
    ))  # fmt: skip
    before = everything()
    assert browser.get(address).status == 200
    assert everything() == before
