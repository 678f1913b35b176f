"""The runtimes' contract is kept by every driver, and by the one for Docker also through the door before the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from smsops.ops.door import rules_of
from tests.conftest import BOTH
from tests.door.doors import RunningDoor, door, short_folder
from tests.places import DockerPlace, Place

DOOR = pytest.param("door", marks=pytest.mark.docker)


@pytest.fixture(scope="session")
def running_door() -> Iterator[RunningDoor]:
    """One door for all tests; each gives it rules of its own."""
    with short_folder() as folder, door(folder, {}) as found:
        yield found


@pytest.fixture
def door_place(
    docker_place: DockerPlace, running_door: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """The same as `docker_place`, where the driver has the door instead of the engine's socket."""
    rules = rules_of()
    (own,) = rules["environments"].values()
    # Of tests with two environments, and with a volume that is not there.
    rules["environments"] |= {f"{docker_place.name}x": own, "other": own | {"volume": f"{docker_place.name}-missing"}}
    running_door.take(rules)
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", running_door.address)
        yield docker_place


@pytest.fixture(params=[*BOTH, DOOR])
def place(request: pytest.FixtureRequest, transactional_db: None) -> Place:
    """An SMS installation on each runtime in turn, and behind the door."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found
