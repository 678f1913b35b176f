"""Between switches: what is warm cools down, and an edge that lost its way is led back."""

from __future__ import annotations

import pytest

from incidents.models import Incident
from incidents.services import watching
from smsops.edge.registry import edge_for
from smsops.models import RunState
from smsops.switch import tending, warm
from tests.edge.caddies import CaddyServer, put_before
from tests.places import Place, drive


@pytest.fixture
def native(process_place: Place, caddy: CaddyServer) -> Place:
    """SMS 1.18.1 behind Caddy, with 1.18.0 warm beside it."""
    put_before(process_place, caddy)
    for version in ("1.18.1", "1.18.0", "1.18.1"):
        assert process_place.deploy(version).state == RunState.SUCCEEDED
    return process_place


def test_nothing_is_to_be_done_while_all_is_well(native: Place) -> None:
    assert warm.warm(native.environment, native.runtime)
    assert tending.tend(native.environment) is None


def test_what_was_warm_for_long_enough_is_stopped(native: Place) -> None:
    native.environment.warm_minutes = 0
    native.environment.save()
    run = tending.tend(native.environment)
    assert run is not None
    assert drive(run).state == RunState.SUCCEEDED
    assert not warm.warm(native.environment, native.runtime)
    assert native.serving()


def test_an_edge_that_is_down_is_told_from_an_sms_that_is(native: Place, caddy: CaddyServer) -> None:
    caddy.kill()
    watching.due()
    for _ in range(3):
        watching.look_now(native.environment.pk)
    (incident,) = Incident.objects.filter(environment=native.environment)
    caddy.start()
    assert incident.title == "The edge does not pass requests on"


def test_an_edge_that_lost_its_way_is_led_back(native: Place) -> None:
    edge = edge_for(native.environment)
    assert edge is not None
    edge.forget()
    assert not native.serving()
    run = tending.tend(native.environment)
    assert run is not None
    assert drive(run).state == RunState.SUCCEEDED
    assert native.serving()
