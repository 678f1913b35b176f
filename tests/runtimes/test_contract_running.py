"""The contract of every runtime (smsops/runtimes/base.py): started, stopped, killed, and started again."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from smsops.errors import OpsError
from smsops.runtimes.base import Status
from tests.places import Place, wait_for
from tests.runtimes.acts import GONE, create, kill, launch, now, pid_of, seen


def test_starting_twice_is_starting_once(place: Place) -> None:
    before = now()
    name = launch(place)
    pid = pid_of(place)
    place.runtime.start(name)
    found = seen(place)
    assert found.started_at is not None
    assert before - timedelta(seconds=1) < found.started_at < now()
    assert (found.up, found.restarts, pid_of(place)) == (True, 0, pid)


def test_what_is_not_there_cannot_be_started_or_renamed(place: Place) -> None:
    with pytest.raises(OpsError, match=GONE):
        place.runtime.start(GONE)
    with pytest.raises(OpsError, match=GONE):
        place.runtime.rename(GONE, "other")


def test_sms_ends_by_itself_within_the_grace_and_can_be_started_again(place: Place) -> None:
    name = launch(place)
    place.runtime.stop(name, 30)
    found = seen(place)
    assert (found.status, found.up) == (Status.EXITED, False)
    assert found.exit_code in (0, 143)
    assert found.finished_at is not None
    assert not place.serving()
    place.runtime.start(name)
    wait_for(place.serving, "SMS to serve again")
    assert seen(place).restarts == 0


def test_stopping_what_is_stopped_or_missing_does_nothing(place: Place) -> None:
    made = create(place)
    place.runtime.stop(made.name, 1)
    place.runtime.stop(GONE, 1)
    assert seen(place) == made


def test_sms_that_ignores_the_stop_is_killed_after_the_grace(place: Place) -> None:
    name = launch(place, "1.20.10")
    began = time.monotonic()
    place.runtime.stop(name, 1)
    assert 0.9 < time.monotonic() - began < 10
    assert seen(place).exit_code == 137
    assert not place.serving()


def test_a_crash_loop_is_counted(place: Place) -> None:
    name = create(place, "1.20.1").name
    place.runtime.start(name)
    wait_for(lambda: seen(place).restarts >= 3, "three restarts")
    assert "ModuleNotFoundError" in place.runtime.logs(name, 200)


def test_a_rename_leaves_a_running_sms_running_and_looked_after(place: Place) -> None:
    name = launch(place)
    before, pid = seen(place), pid_of(place)
    place.runtime.rename(name, f"{name}-aside")
    assert place.runtime.inspect(name) is None
    after = seen(place, f"{name}-aside")
    assert (after.id, after.up, pid_of(place, after.name)) == (before.id, True, pid)
    place.runtime.rename(after.name, name)
    kill(place)
    wait_for(place.serving, "SMS to serve again")
    assert seen(place).restarts == 1


def test_a_running_sms_cannot_be_removed(place: Place) -> None:
    name = create(place).name
    place.runtime.start(name)
    pid = pid_of(place)
    with pytest.raises(OpsError):
        place.runtime.remove(name)
    assert (seen(place).up, pid_of(place)) == (True, pid)
    place.runtime.stop(name, 0)


def test_the_last_line_of_the_env_file_wins_but_not_over_how_sms_is_run(place: Place) -> None:
    place.add_env(SMS_ERA="a", SMS_ENV="staging", SMS_EXECUTION_MODE="odd")
    place.add_env(SMS_ERA="c")
    place.runtime.start(create(place).name)
    environ = Path(f"/proc/{pid_of(place)}/environ")
    wait_for(lambda: "SMS_ENV=" in environ.read_text(), "SMS to take the place of what starts it")
    raw = environ.read_text().split("\0")
    place.runtime.stop(place.environment.instance, 0)
    env = dict(item.split("=", 1) for item in raw if item)
    assert env["SMS_ERA"] == "c"
    runs_as = {"process": ("development", "native"), "docker": ("production", "docker")}
    assert (env["SMS_ENV"], env["SMS_EXECUTION_MODE"]) == runs_as[place.runtime_kind]
