"""What the tests of the door share: the door, and the host behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.door import strangers
from tests.door.doors import RunningDoor, door, short_folder


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with short_folder() as found:
        yield found


@pytest.fixture(scope="module")
def host(folder: Path) -> Iterator[strangers.Host]:
    with strangers.host(folder) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(folder: Path, host: strangers.Host) -> Iterator[RunningDoor]:
    """A door with the rules of one SMS, before the engine of that host."""
    with door(folder, strangers.rules(folder)) as found:
        yield found
