"""What only the process runtime promises: its supervisors, their folders, and that nothing outlives them."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smsops.errors import OpsError
from smsops.runtimes import instance_folder, supervisor
from smsops.runtimes.base import Status
from smsops.runtimes.registry import spec_of
from tests.places import Place, wait_for
from tests.runtimes.acts import ALL_TIME, alive, create, image_id, launch, now, on_a_full_disk, pid_of, seen
from tests.smsops.crowd import together

HOST = "import os, sys\n"


def folder_of(place: Place) -> Path:
    return Path(spec_of(place.environment).state_path) / place.environment.instance


def supervisor_of(place: Place) -> int:
    described: dict[str, Any] = place.runtime.describe(place.environment.instance)
    return int(described["state"]["supervisor_pid"])


def supervisors(folder: Path) -> list[int]:
    """Every process that supervises the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_text().split("\0")
        except OSError:
            continue
        if str(folder) in words:
            found.append(int(entry.parent.name))
    return [pid for pid in found if alive(pid)]


def release_of(place: Place, folder: Path, program: str) -> None:
    """Let the environment have one release, 9.0.0, whose program is this."""
    backend = folder / "own-releases" / "9.0.0" / "backend"
    backend.mkdir(parents=True)
    (backend / "entrypoint.py").write_text(HOST + program)
    place.environment.releases_path = str(folder / "own-releases")


def test_without_its_supervisor_sms_is_dead_and_can_be_started_again(process_place: Place) -> None:
    name = launch(process_place)
    pid = pid_of(process_place)
    os.kill(supervisor_of(process_place), signal.SIGKILL)
    wait_for(lambda: not alive(pid), "SMS to end")
    found = wait_for(lambda: not seen(process_place).up and seen(process_place), "the supervisor to be missed")
    assert (found.status, found.error) == (Status.EXITED, "Its supervisor is gone.")
    process_place.runtime.start(name)
    assert (seen(process_place).up, seen(process_place).error) == (True, "")


def test_two_who_start_it_at_once_give_one_supervisor_and_one_sms(process_place: Place) -> None:
    name = create(process_place).name
    together(2, lambda: process_place.runtime.start(name))
    wait_for(process_place.serving, "SMS to serve")
    assert supervisors(folder_of(process_place)) == [supervisor_of(process_place)]
    events = process_place.runtime.events(name, ALL_TIME, now())
    assert [event.action for event in events] == ["start"]


def test_the_environment_of_sms_is_for_nobody_else_to_read(process_place: Place) -> None:
    create(process_place)
    folder = folder_of(process_place)
    modes = {path: path.stat().st_mode & 0o777 for path in (folder.parent, folder, folder / "spec.json")}
    assert modes == {folder.parent: 0o700, folder: 0o700, folder / "spec.json": 0o600}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Path]:
    """A pipe that ends with the test: a program that reads it runs for as long, and no longer."""
    pipe = tmp_path / "line"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)
    yield pipe
    os.close(end)


def test_what_sms_started_and_left_behind_ends_with_it(process_place: Place, tmp_path: Path, line: Path) -> None:
    note = tmp_path / "child"
    program = f"pid = os.fork()\nif pid: open({str(note)!r}, 'w').write(f'{{pid}}\\n')\nopen({str(line)!r}).read()\n"
    release_of(process_place, tmp_path, program)
    name = create(process_place, "9.0.0").name
    process_place.runtime.start(name)
    pid = int(wait_for(lambda: note.exists() and note.read_text().endswith("\n") and note.read_text(), "the child"))
    assert alive(pid)
    process_place.runtime.stop(name, 5)
    assert wait_for(lambda: not alive(pid), "the child to end")


def test_sms_may_not_use_more_memory_than_its_limit(process_place: Place, tmp_path: Path) -> None:
    process_place.environment.memory_limit_mb = 64
    release_of(process_place, tmp_path, "print('begun', flush=True); bytearray(100 * 2**20)\n")
    name = create(process_place, "9.0.0").name
    process_place.runtime.start(name)
    log = wait_for(lambda: "MemoryError" in (log := process_place.runtime.logs(name, 50)) and log, "the refusal")
    assert log.index("begun") < log.index("MemoryError")


def test_the_folder_of_an_instance_holds_nothing_when_it_is_removed(process_place: Place) -> None:
    create(process_place)
    folder = folder_of(process_place)
    process_place.runtime.remove(process_place.environment.instance)
    assert list(folder.parent.iterdir()) == []


def test_a_program_that_cannot_be_started_is_said_to_be(process_place: Place) -> None:
    process_place.environment.interpreter = "/no/such/python"
    name = create(process_place).name
    process_place.runtime.start(name)
    found = wait_for(lambda: seen(process_place).status is Status.EXITED and seen(process_place), "its end")
    assert found.error == "cannot start: No such file or directory"


def test_a_release_without_a_mark_is_known_by_its_files(process_place: Place, tmp_path: Path) -> None:
    release_of(process_place, tmp_path, "")
    before = image_id(process_place, "9.0.0")
    (tmp_path / "own-releases" / "9.0.0" / "backend" / "more.py").write_text("1\n")
    assert before.startswith("dir:")
    assert image_id(process_place, "9.0.0") != before


def test_a_release_with_an_unreadable_mark_is_no_image(process_place: Place, tmp_path: Path) -> None:
    release_of(process_place, tmp_path, "")
    (tmp_path / "own-releases" / "9.0.0" / ".smsops-release.json").write_text("{")
    assert process_place.runtime.images() == []


def test_a_full_disk_under_its_log_does_not_stop_sms(process_place: Place, tmp_path: Path) -> None:
    with on_a_full_disk(process_place, tmp_path):
        assert all(process_place.serving() for _ in range(20))


def test_sms_is_restarted_later_each_time_it_dies_young(process_place: Place, tmp_path: Path) -> None:
    release_of(process_place, tmp_path, "sys.exit(5)\n")
    name = create(process_place, "9.0.0").name
    process_place.runtime.start(name)
    wait_for(lambda: seen(process_place).restarts >= 3, "three restarts")
    events = process_place.runtime.events(name, ALL_TIME, now())
    died = [event.at for event in events if event.action == "die"]
    began = [event.at for event in events if event.action == "start"][1:]
    waits = [(start - death).total_seconds() for death, start in zip(died, began, strict=False)]
    assert all(wait > least for wait, least in zip(waits, (0.19, 0.39, 0.79), strict=False))
    assert {event.exit_code for event in events if event.action == "die"} == {5}


def test_stopping_sms_while_it_waits_for_its_restart_ends_it(process_place: Place, tmp_path: Path) -> None:
    release_of(process_place, tmp_path, "sys.exit(5)\n")
    name = create(process_place, "9.0.0").name
    process_place.runtime.start(name)
    began = now() - timedelta(minutes=1)

    def deaths() -> int:
        told = process_place.runtime.events(name, began, now())
        return sum(event.action == "die" for event in told)

    wait_for(lambda: deaths() >= 5, "five deaths")  # the wait for the next start is 3 s
    process_place.runtime.stop(name, 5)
    found = seen(process_place)
    assert (found.status, found.exit_code) == (Status.EXITED, 5)
    assert supervisors(folder_of(process_place)) == []


def test_a_failed_creation_leaves_nothing_behind(process_place: Place) -> None:
    process_place.environment.env_file = "/no/such/file"
    with pytest.raises(OpsError):
        create(process_place)
    assert list(Path(spec_of(process_place.environment).state_path).iterdir()) == []


def test_sms_can_be_stopped_when_the_disk_of_its_folder_is_full(process_place: Place, tmp_path: Path) -> None:
    with on_a_full_disk(process_place, tmp_path) as (runtime, name):
        runtime.stop(name, 5)
        found = runtime.inspect(name)
        assert found is not None
        assert found.status is Status.EXITED


def test_sms_is_started_again_when_it_dies_while_the_disk_of_its_folder_is_full(
    process_place: Place, tmp_path: Path
) -> None:
    with on_a_full_disk(process_place, tmp_path) as (runtime, name):
        state = instance_folder.state(Path(runtime.spec.state_path) / name)
        os.kill(state["pid"], signal.SIGKILL)
        wait_for(lambda: not process_place.serving(), "SMS to be away")
        assert wait_for(process_place.serving, "SMS to serve again", 60)
        assert not alive(state["pid"])


def test_a_program_that_cannot_be_started_has_the_exit_code_of_that(process_place: Place) -> None:
    process_place.environment.interpreter = "/no/such/python"
    process_place.runtime.start(create(process_place).name)
    wait_for(lambda: seen(process_place).status is Status.EXITED, "its end")
    assert seen(process_place).exit_code == 127


@pytest.mark.parametrize("inside", ["\r", "\u2028"])
def test_a_line_is_what_ends_with_a_line_feed_and_nothing_else(
    inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = supervisor.Log()
    log.line(f"10 % done{inside}20 % done\n".encode())
    log.file.close()
    assert "20 % done" in instance_folder.log_tail(tmp_path, 10, None)


def test_nobody_elses_process_is_signalled_by_a_stop(process_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The supervisor holds its lock before it has written its number: the old number may be another process by then."""
    name = create(process_place).name
    folder = Path(spec_of(process_place.environment).state_path) / name
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as stranger:
        (folder / "state.json").write_text(f'{{"status": "exited", "supervisor_pid": {stranger.pid}}}')
        hold_the_lock(folder, 10, monkeypatch)
        process_place.runtime.stop(name, 1)
        stranger.communicate()  # ends it
    assert stranger.returncode == 0


def hold_the_lock(folder: Path, looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the folder's lock, as a supervisor does that has only just begun, until so many have looked at it."""
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    supervised, left = instance_folder.supervised, iter(range(looks, 0, -1))

    def look(path: Path) -> bool:
        if next(left, 0) == 1:
            os.close(lock)
        return supervised(path)

    monkeypatch.setattr(instance_folder, "supervised", look)
