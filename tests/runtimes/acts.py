"""What is done to a runtime in these tests, and what goes wrong with an SMS in real life."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smsops.errors import OpsError
from smsops.runtimes.base import Command, Instance, Status
from smsops.runtimes.instance_folder import state
from smsops.runtimes.process import ProcessRuntime
from smsops.runtimes.registry import spec_of
from tests.places import DockerPlace, Place, wait_for

GOOD = "1.18.1"
GONE = "no-such-instance"
ALL_TIME = datetime.fromtimestamp(0, UTC)


def now() -> datetime:
    return datetime.now(UTC)


def complaint(act: Callable[[], object]) -> str:
    """What is said against an act; nothing when it can be done."""
    try:
        act()
    except OpsError as error:
        return error.message
    return ""


def image_id(place: Place, version: str = GOOD) -> str:
    image = place.runtime.image(version)
    assert image is not None
    return image.id


def create(place: Place, version: str = GOOD, name: str = "") -> Instance:
    """Make an instance that was never started."""
    labels = {"smsops.environment": place.name, "smsops.run": "0"}
    return place.runtime.create(name or place.environment.instance, image_id(place, version), labels)


def run_command(place: Place, *argv: str, workdir: str = "", ended: bool = True) -> str:
    """Make and start a command as an instance; returns its name, when it has ended."""
    labels = {"smsops.environment": place.name, "smsops.run": "0"}
    name = f"{place.environment.instance}-command"
    place.runtime.create(name, image_id(place), labels, Command(argv, workdir))
    place.runtime.start(name)

    def over() -> bool:
        found = place.runtime.inspect(name)
        return found is not None and found.status is Status.EXITED

    if ended:
        wait_for(over, "the command to end")
    return name


def launch(place: Place, version: str = GOOD) -> str:
    """Make and start SMS under its own name, and wait until it serves."""
    name = create(place, version).name
    place.runtime.start(name)
    wait_for(place.serving, "SMS to serve")
    return name


def seen(place: Place, name: str = "") -> Instance:
    """The instance; it must be there."""
    found = place.runtime.inspect(name or place.environment.instance)
    assert found is not None
    return found


def pid_of(place: Place, name: str = "") -> int:
    """The process number of the running SMS, as this machine counts."""
    described: dict[str, Any] = place.runtime.describe(name or place.environment.instance)
    return int(described["State"]["Pid"] if "State" in described else described["state"]["pid"])


def kill(place: Place) -> None:
    """SIGKILL to SMS alone; the engine starts it again."""
    os.kill(pid_of(place), signal.SIGKILL)


def kill_for_good(place: Place) -> None:
    """SIGKILL to SMS such that the engine leaves it dead."""
    name = place.environment.instance
    if isinstance(place, DockerPlace):
        place.client.containers.get(name).kill()
    else:
        described: dict[str, Any] = place.runtime.describe(name)
        os.kill(described["state"]["supervisor_pid"], signal.SIGKILL)
    wait_for(lambda: seen(place).status is Status.EXITED, "SMS to be dead")


def alive(pid: int) -> bool:
    """Whether the process lives; a corpse nobody has buried yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


@contextlib.contextmanager
def small_disk(folder: Path, size: str = "2m") -> Iterator[Path]:
    """A real file system of that size at `folder`; only root can have one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "smsops-tests", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Write until the disk is full; return the file that fills it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return filler


@contextlib.contextmanager
def on_a_full_disk(place: Place, folder: Path) -> Iterator[tuple[ProcessRuntime, str]]:
    """A natively run SMS that serves, whose instance folder is on a disk with no byte left."""
    with small_disk(folder / "disk") as disk:
        runtime = ProcessRuntime(replace(spec_of(place.environment), state_path=str(disk / "state")))
        name = runtime.create("sms", image_id(place), {}).name
        runtime.start(name)
        supervisor: int = state(disk / "state" / name)["supervisor_pid"]
        try:
            wait_for(place.serving, "SMS to serve")
            filler = fill(disk)
            yield runtime, name
            filler.unlink()
            runtime.stop(name, 5)
        finally:
            if alive(supervisor):
                os.kill(supervisor, signal.SIGKILL)
