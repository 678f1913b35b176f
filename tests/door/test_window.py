"""The window of the door: who looks through it sees what the door shows, and can do nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import yaml
from docker.errors import APIError

from tests.door.doors import ENGINE, ROOT
from tests.door.strangers import LABELS, OTHER, SMS, Host, rules
from tests.machine.engine import BASE, OWN_LABEL
from tests.places import wait_for

pytestmark = pytest.mark.docker


def opens(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as visitor:
        return visitor.connect_ex(str(place)) == 0


@pytest.fixture
def window(folder: Path, host: Host) -> Iterator[docker.DockerClient]:
    """The SDK at a window, beside a door with the same rules."""
    file, place = folder / "window.yaml", folder / "w"
    file.write_text(yaml.safe_dump(rules(folder)))
    words = ["--listen", f"unix:{folder / 'd'}", "--window", f"unix:{place}", "--engine", ENGINE, "--rules", str(file)]
    door = subprocess.Popen([sys.executable, "-m", "smsops.door", *words], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: opens(place), "the window")
        found = docker.DockerClient(base_url=f"unix://{place}", version="auto", timeout=60)
        yield found
        found.close()
    finally:
        door.terminate()
        door.wait(10)


@pytest.fixture
def sms(host: Host) -> Iterator[str]:
    """A container of SMS, not started."""
    found = host.client.containers.create(BASE, ["sleep", "60"], name=SMS, labels={OWN_LABEL: "1", **LABELS})
    yield str(found.id)
    found.remove(force=True)


def test_sms_is_seen_through_it(window: docker.DockerClient, sms: str) -> None:
    assert window.containers.get(SMS).id == sms
    assert window.info()["ID"]


@pytest.mark.parametrize("verb", ["start", "stop", "remove"])
def test_nothing_is_done_through_it(window: docker.DockerClient, sms: str, host: Host, verb: str) -> None:
    with pytest.raises(APIError, match="where one may only look"):
        getattr(window.containers.get(SMS), verb)()
    assert host.client.containers.get(sms).status == "created"


def test_nothing_is_made_through_it(window: docker.DockerClient, host: Host) -> None:
    with pytest.raises(APIError, match="where one may only look"):
        window.volumes.create(SMS)


def test_what_the_door_hides_is_hidden_here_too(window: docker.DockerClient, host: Host) -> None:
    with pytest.raises(APIError, match="not SMS's"):
        window.containers.get(OTHER)


def test_its_socket_is_for_the_owner_and_the_group(window: docker.DockerClient, folder: Path) -> None:
    assert (folder / "w").stat().st_mode & 0o777 == 0o660
