"""The contract of every runtime (smsops/runtimes/base.py), held against the real drivers one after the other."""

from __future__ import annotations

import copy
import shutil
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from demo.catalogue import releases
from smsops.errors import NameTaken, OpsError, RuntimeUnavailable
from smsops.runtimes.base import Instance, Status
from smsops.runtimes.registry import runtime_for
from tests.places import Place, digest, free_port, wait_for
from tests.runtimes.acts import GOOD, create, image_id, kill, launch, pid_of, seen

GONE = "no-such-instance"
ALL_TIME = datetime.fromtimestamp(0, UTC)


def now() -> datetime:
    return datetime.now(UTC)


def test_an_engine_that_is_there_answers(place: Place) -> None:
    place.runtime.ping()


def test_an_engine_that_is_away_is_said_to_be(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        (tmp_path / "file").touch()
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
        patch.setattr(settings, "DATA_DIR", tmp_path / "file")
        with pytest.raises(RuntimeUnavailable, match=r"does not answer|cannot be used") as caught:
            place.runtime.ping()
    assert caught.value.transient


def test_an_image_is_found_by_its_version_and_by_its_id(place: Place) -> None:
    by_version = place.runtime.image(GOOD)
    assert by_version is not None
    assert by_version.version == GOOD
    by_id = place.runtime.image(by_version.id)
    assert by_id is not None
    assert (by_id.id, by_id.version) == (by_version.id, GOOD)


@pytest.mark.parametrize("reference", ["9.9.9", f"sha256:{'0' * 64}"])
def test_an_unknown_image_is_none(place: Place, reference: str) -> None:
    assert place.runtime.image(reference) is None


def test_every_release_is_among_the_images(place: Place) -> None:
    found = place.runtime.images()
    assert set(releases()) <= {image.version for image in found}
    assert all(image.id and image.created for image in found)


def test_creating_starts_nothing(place: Place) -> None:
    made = create(place)
    assert (made.status, made.restarts, made.exit_code) == (Status.CREATED, 0, None)
    assert seen(place) == made
    assert not place.serving()


def test_an_instance_knows_its_image_its_version_and_its_labels(place: Place) -> None:
    made = create(place)
    assert (made.image_id, made.version) == (image_id(place), GOOD)
    assert made.labels["smsops.run"] == "0"


def test_a_name_is_given_once(place: Place) -> None:
    first = create(place)
    with pytest.raises(NameTaken):
        create(place, "1.19.0")
    assert seen(place) == first
    assert len(place.runtime.instances()) == 1


def test_an_image_that_is_missing_cannot_be_created_from(place: Place) -> None:
    with pytest.raises(OpsError, match="sha256:1111"):
        place.runtime.create(place.environment.instance, f"sha256:{'1' * 64}", {"smsops.environment": place.name})
    assert place.runtime.instances() == []


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
    began = time.monotonic()
    place.runtime.stop(name, 10)
    assert time.monotonic() - began < 8
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
    assert 0.9 < time.monotonic() - began < 6
    assert seen(place).exit_code == 137
    assert not place.serving()


def test_a_killed_sms_is_started_again_and_its_death_is_told(place: Place) -> None:
    name, since = launch(place), now()
    kill(place)
    wait_for(place.serving, "SMS to serve again")
    assert seen(place).restarts == 1
    deaths = wait_for(
        lambda: [event for event in place.runtime.events(name, since, now()) if event.action == "die"], "the death"
    )
    assert [death.exit_code for death in deaths] == [137]
    assert since - timedelta(seconds=1) < deaths[0].at < now()


def test_a_crash_loop_is_counted(place: Place) -> None:
    name = create(place, "1.20.1").name
    place.runtime.start(name)
    wait_for(lambda: seen(place).restarts >= 3, "three restarts")
    assert "ModuleNotFoundError" in place.runtime.logs(name, 200)


def test_nothing_is_told_of_a_span_before_it_happened(place: Place) -> None:
    name = create(place).name
    assert place.runtime.events(name, ALL_TIME, ALL_TIME + timedelta(days=1)) == []
    assert place.runtime.events(GONE, ALL_TIME, now()) == []


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


def test_a_taken_name_is_refused_and_nothing_changes(place: Place) -> None:
    first, second = create(place), create(place, "1.19.0", f"{place.environment.instance}-next")
    with pytest.raises(NameTaken):
        place.runtime.rename(second.name, first.name)
    assert seen(place, first.name) == first
    assert seen(place, second.name) == second


def test_a_running_sms_cannot_be_removed(place: Place) -> None:
    name = create(place).name
    place.runtime.start(name)
    pid = pid_of(place)
    with pytest.raises(OpsError):
        place.runtime.remove(name)
    assert (seen(place).up, pid_of(place)) == (True, pid)
    place.runtime.stop(name, 0)


def test_removing_an_instance_leaves_its_data(place: Place) -> None:
    name, before = create(place).name, digest(place.database)
    place.runtime.remove(name)
    place.runtime.remove(GONE)
    assert place.runtime.inspect(name) is None
    assert digest(place.database) == before


def test_instances_of_another_environment_are_not_listed(place: Place) -> None:
    stranger = copy.copy(place.environment)
    stranger.name = f"{place.name}x"
    other, mine = runtime_for(stranger), create(place)
    theirs = other.create(f"{place.environment.instance}-x", image_id(place), {"smsops.environment": stranger.name})
    try:
        assert [found.name for found in place.runtime.instances()] == [mine.name]
        assert [found.name for found in other.instances()] == [theirs.name]
    finally:
        other.remove(theirs.name)


def test_the_log_is_given_from_its_end_or_from_a_moment_oldest_line_first(place: Place) -> None:
    name = launch(place)
    place.runtime.stop(name, 5)
    whole = place.runtime.logs(name, 1000).splitlines()
    assert place.runtime.logs(name, 3).splitlines() == whole[-3:]
    assert sorted(line.text for line in place.runtime.log_lines(name)) == sorted(whole)
    assert list(place.runtime.log_lines(name, now() + timedelta(hours=1))) == []
    text = "\n".join(whole)
    assert 0 <= text.find("Starting Uvicorn server") < text.find("Application startup complete")
    since = seen(place).started_at
    assert since is not None
    assert place.runtime.logs(name, 1000, since - timedelta(seconds=1)).splitlines() == whole
    assert place.runtime.logs(name, 1000, now() + timedelta(seconds=2)) == ""


def test_nothing_is_known_of_an_instance_that_is_not_there(place: Place) -> None:
    assert place.runtime.inspect(GONE) is None
    assert place.runtime.describe(GONE) == {}
    assert place.runtime.logs(GONE, 10) == ""
    assert list(place.runtime.log_lines(GONE)) == []


def test_an_instance_is_described_with_its_environment(place: Place) -> None:
    name = create(place).name
    assert place.env_file.read_text().splitlines()[0].partition("=")[2] in str(place.runtime.describe(name))


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
        place.runtime.run_once(image_id(place), ["python", "-c", "import time; time.sleep(60)"], 1)
    assert time.monotonic() - began < 10
    assert place.runtime.instances() == []


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


def test_an_env_file_that_cannot_be_read_is_named(place: Place) -> None:
    place.env_file.write_text("SECRET_KEY is this\n")
    with pytest.raises(OpsError, match="Line 1 of the env file") as caught:
        create(place)
    assert "is this" not in str(caught.value)


def test_an_image_whose_version_no_tag_can_have_is_none(place: Place) -> None:
    assert place.runtime.image("1.18.1+hotfix") is None


def test_a_command_that_takes_too_long_is_not_an_engine_that_is_away(place: Place) -> None:
    with pytest.raises(OpsError, match="took longer than 1 s") as caught:
        place.runtime.run_once(image_id(place), ["python", "-c", "import time; time.sleep(60)"], 1)
    assert not isinstance(caught.value, RuntimeUnavailable)


def test_events_before_the_span_are_not_told_within_the_same_second_either(place: Place) -> None:
    name, since = launch(place), datetime.now(UTC)
    kill(place)
    (death,) = wait_for(lambda: deaths(place, name, since, datetime.now(UTC)), "the death")
    moment = death + timedelta(milliseconds=1)
    assert deaths(place, name, moment, moment + timedelta(seconds=1)) == []


def test_events_up_to_the_end_of_the_span_are_told_within_the_same_second_too(place: Place) -> None:
    """Who looks again and again asks from where it ended: what neither span tells is never told."""
    name, since = launch(place), datetime.now(UTC)
    kill(place)
    (death,) = wait_for(lambda: deaths(place, name, since, datetime.now(UTC)), "the death")
    assert deaths(place, name, since, death + timedelta(milliseconds=1)) == [death]


def deaths(place: Place, name: str, since: datetime, until: datetime) -> list[datetime]:
    return [event.at for event in place.runtime.events(name, since, until) if event.action == "die"]


def test_lines_before_the_moment_are_not_shown_within_the_same_second_either(place: Place) -> None:
    name = launch(place)
    wait_for(lambda: time.time() % 1 < 0.1, "the beginning of a second")
    place.runtime.stop(name, 5)
    assert place.runtime.logs(name, 100, datetime.now(UTC)) == ""


def test_an_instance_may_be_renamed_while_somebody_looks(place: Place) -> None:
    name = create(place).name
    looks, ended, errors = list[Instance | None](), threading.Event(), list[Exception]()

    def look() -> None:
        while not ended.is_set():
            try:
                looks.append(place.runtime.inspect(name))
                place.runtime.instances()
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(60):
        place.runtime.rename(name, f"{name}-aside")
        place.runtime.rename(f"{name}-aside", name)
    wait_for(lambda: looks or errors, "a look")
    ended.set()
    thread.join()
    assert errors == []
