"""The contract of every runtime (smsops/runtimes/base.py): commands run once in an image, and where the data is."""

from __future__ import annotations

import shutil
import time

import pytest

from smsops.errors import OpsError, RuntimeUnavailable
from smsops.runtimes.base import Status
from tests.places import Place
from tests.runtimes.acts import create, image_id, run_command

LONG = ["python", "-c", "import signal; signal.alarm(60); signal.pause()"]  # whatever happens to the test


def test_a_command_is_run_once_and_tells_its_output_and_exit_code(place: Place) -> None:
    script = "import sys; print('said'); print('cried', file=sys.stderr); sys.exit(3)"
    done = place.runtime.run_once(image_id(place), ["python", "-c", script], 30)
    assert (done.code, done.stdout, done.stderr) == (3, "said\n", "cried\n")
    assert place.runtime.instances() == []


def test_a_command_is_run_in_a_folder_of_the_application(place: Place) -> None:
    script = "import os; print(os.path.exists('run_migrations.py'))"
    assert place.runtime.run_once(image_id(place), ["python", "-c", script], 30, "backend").stdout == "True\n"


def test_a_command_that_takes_too_long_is_ended(place: Place) -> None:
    began = time.monotonic()
    with pytest.raises(OpsError):
        place.runtime.run_once(image_id(place), LONG, 1)
    assert time.monotonic() - began < 50
    assert place.runtime.instances() == []


def test_a_command_that_takes_too_long_is_not_an_engine_that_is_away(place: Place) -> None:
    with pytest.raises(OpsError, match="took longer than 1 s") as caught:
        place.runtime.run_once(image_id(place), LONG, 1)
    assert not isinstance(caught.value, RuntimeUnavailable)


def test_a_command_runs_as_an_instance_on_the_data_and_ends(place: Place) -> None:
    script = (
        "import os, sqlite3; url = os.environ.get('DATABASE_URL', 'sqlite:////data/student_management.db');"
        "database = sqlite3.connect(url.partition('///')[2]);"
        "print('students', database.execute('SELECT count(*) FROM students').fetchone()[0])"
    )
    name = run_command(place, "python", "-c", script)
    found = place.runtime.inspect(name)
    assert found is not None
    assert (found.status, found.exit_code, found.restarts) == (Status.EXITED, 0, 0)
    assert "students 200" in place.runtime.logs(name, 5)


def test_a_command_that_fails_is_not_started_again(place: Place) -> None:
    name = run_command(place, "python", "-c", "raise SystemExit(7)")
    found = place.runtime.inspect(name)
    assert found is not None
    assert (found.exit_code, found.restarts) == (7, 0)


def test_a_command_runs_in_a_folder_of_the_application(place: Place) -> None:
    name = run_command(
        place, "python", "-c", "import os; print(os.path.exists('run_migrations.py'))", workdir="backend"
    )
    assert "True" in place.runtime.logs(name, 5)


def test_a_command_can_be_stopped_and_removed(place: Place) -> None:
    name = run_command(place, *LONG, ended=False)
    place.runtime.stop(name, 1)
    place.runtime.remove(name)
    assert place.runtime.inspect(name) is None


def test_the_data_folder_holds_the_database(place: Place) -> None:
    assert (place.runtime.data_folder() / place.environment.database_file).is_file()


def test_missing_data_is_named_in_one_sentence_and_nothing_is_made(place: Place) -> None:
    missing = f"{place.name}-missing"
    place.environment.volume, place.environment.data_path = missing, ""
    if place.runtime_kind == "process":
        place.environment.data_path = str(place.env_file.with_name(missing))
    for call in (place.runtime.data_folder, lambda: create(place)):
        with pytest.raises(OpsError, match=f"{missing} does not exist"):
            call()
    assert place.runtime.instances() == []


def test_a_data_folder_the_worker_cannot_see_is_named(place: Place) -> None:
    place.environment.data_path = str(place.env_file.with_name("elsewhere"))
    shutil.rmtree(place.environment.data_path, ignore_errors=True)
    with pytest.raises(OpsError, match="elsewhere"):
        place.runtime.data_folder()
