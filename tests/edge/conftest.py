"""What the tests of the edge share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge.caddies import CaddyServer, put_before
from tests.places import Place


@pytest.fixture
def caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaddyServer]:
    """A running Caddy that serves nothing yet."""
    server = CaddyServer(Path(tmp_path_factory.mktemp("caddy")))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def edged(place: Place, caddy: CaddyServer) -> Place:
    """SMS 1.18.0 behind Caddy, on either runtime."""
    put_before(place, caddy)
    run = place.deploy("1.18.0")
    assert run.state == "succeeded", run.headline
    return place
