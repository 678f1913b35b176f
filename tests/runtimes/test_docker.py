"""What only the Docker runtime promises: how the container is made, and what the engine's refusals become."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from docker.errors import NotFound

from smsops.errors import OpsError, RuntimeUnavailable
from smsops.runtimes.base import Runtime, Status
from tests.places import DockerPlace, free_port
from tests.runtimes.acts import create, launch, seen

pytestmark = pytest.mark.docker


@pytest.fixture
def place(docker_place: DockerPlace) -> DockerPlace:
    return docker_place


def described(place: DockerPlace) -> dict[str, Any]:
    return dict(place.runtime.describe(place.environment.instance))


def test_the_container_has_the_one_volume_the_one_port_and_the_memory_limit(place: DockerPlace) -> None:
    create(place)
    host = described(place)["HostConfig"]
    assert host["Binds"] == [f"{place.environment.volume}:/data:rw"]
    assert host["PortBindings"]["8000/tcp"][0]["HostPort"] == str(place.port)
    assert host["Memory"] == host["MemorySwap"] == 1024 * 2**20


def test_the_engine_restarts_it_unless_it_was_stopped(place: DockerPlace) -> None:
    create(place)
    assert described(place)["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_its_log_is_bounded(place: DockerPlace) -> None:
    create(place)
    assert described(place)["HostConfig"]["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}


def test_a_missing_volume_is_not_made_silently(place: DockerPlace) -> None:
    place.environment.volume = f"{place.name}-missing"
    with pytest.raises(OpsError, match="does not exist in the Docker Engine"):
        create(place)
    with pytest.raises(NotFound):
        place.client.volumes.get(place.environment.volume)


def test_a_port_that_is_taken_is_told_and_the_container_does_not_run(place: DockerPlace) -> None:
    name = create(place).name
    with socket.socket() as squatter:
        squatter.bind(("0.0.0.0", place.port))
        squatter.listen()
        with pytest.raises(OpsError, match=r"Docker refused: .*(port|address)"):
            place.runtime.start(name)
        assert seen(place).status is not Status.RUNNING
    assert str(place.port) in seen(place).error


CALLS: dict[str, Callable[[Runtime], Any]] = {
    "inspect": lambda runtime: runtime.inspect("any"),
    "instances": lambda runtime: runtime.instances(),
    "image": lambda runtime: runtime.image("1.18.1"),
    "images": lambda runtime: runtime.images(),
    "start": lambda runtime: runtime.start("any"),
    "stop": lambda runtime: runtime.stop("any", 1),
    "remove": lambda runtime: runtime.remove("any"),
    "logs": lambda runtime: runtime.logs("any", 1),
    "data_folder": lambda runtime: runtime.data_folder(),
}


@pytest.mark.parametrize("call", CALLS)
def test_every_call_tells_that_the_engine_is_away(
    place: DockerPlace, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
        with pytest.raises(RuntimeUnavailable, match=r"The Docker Engine does not answer\. Check"):
            CALLS[call](place.runtime)


def test_a_worker_that_mounted_the_volume_elsewhere_says_where(place: DockerPlace, tmp_path: Path) -> None:
    place.environment.data_path = str(tmp_path)
    assert place.runtime.data_folder() == tmp_path


def test_sms_reaches_its_data_as_its_own_user(place: DockerPlace) -> None:
    launch(place)
    files = list(place.database.parent.glob(f"{place.database.name}*"))  # its log beside it
    assert place.database in files
    assert {path.stat().st_uid for path in files} == {1000}
