"""kill -9 of the worker at every boundary of a switch behind an edge; SMS's users never notice."""

from __future__ import annotations

import pytest

from demo.visitors import Visitors
from deployments.services import rollbacks
from smsops.models import RunState
from smsops.runs.plan import By
from tests.edge.caddies import CaddyServer, put_before
from tests.kills import kill_at_every_boundary
from tests.places import Place

pytestmark = pytest.mark.slow
BY = By(name="test")


@pytest.fixture
def native(process_place: Place, caddy: CaddyServer) -> Place:
    """SMS 1.18.0 behind Caddy; 1.18.1 ran before it and is warm."""
    put_before(process_place, caddy)
    for version in ("1.18.0", "1.18.1", "1.18.0"):
        assert process_place.deploy(version).state == RunState.SUCCEEDED
    return process_place


def test_a_switch_side_by_side_survives_a_kill_at_every_boundary(native: Place) -> None:
    run = native.plan_deploy("1.18.1")
    with Visitors(native.port, rate=20) as visitors:
        deaths = kill_at_every_boundary(run, lambda: None)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert native.running_version() == "1.18.1"
    assert not visitors.failed
    assert {"edge.point:acted", "switch.start_beside:acted", "switch.commit:acted"} <= deaths.at


def test_a_switch_that_lets_requests_wait_survives_a_kill_at_every_boundary(native: Place) -> None:
    run = native.plan_deploy("1.19.0")
    with Visitors(native.port, rate=10) as visitors:
        deaths = kill_at_every_boundary(run, lambda: None)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert native.running_version() == "1.19.0"
    assert not visitors.failed
    assert {"edge.hold:acted", "edge.point:acted", "switch.stop:acted"} <= deaths.at


def test_the_instant_way_back_survives_a_kill_at_every_boundary(native: Place) -> None:
    run = rollbacks.start(native.environment, BY)
    with Visitors(native.port, rate=20) as visitors:
        deaths = kill_at_every_boundary(run, lambda: None)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert native.running_version() == "1.18.1"
    assert not visitors.failed
    assert {"warm.lead:acted", "warm.exchange:acted"} <= deaths.at
