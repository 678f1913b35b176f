"""Switches behind an edge: nobody is refused, whatever becomes of the release (D5, D11)."""

from __future__ import annotations

from demo.visitors import Visitors
from smsops.edge.registry import edge_for
from smsops.models import EdgeKind, RunState
from smsops.switch import warm
from tests.edge.caddies import CaddyServer, put_before
from tests.places import Place


def port_of(place: Place) -> int:
    found = place.runtime.inspect(place.environment.instance)
    assert found is not None
    return found.port


def pointed(place: Place) -> int | None:
    edge = edge_for(place.environment)
    assert edge is not None
    return edge.pointed()


def test_the_first_installation_is_reached_through_the_edge_alone(edged: Place) -> None:
    assert edged.serving()
    assert port_of(edged) not in (0, edged.port)
    assert pointed(edged) == port_of(edged)


def test_requests_wait_while_a_release_with_migrations_takes_over(edged: Place) -> None:
    with Visitors(edged.port, rate=20) as visitors:
        run = edged.deploy("1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert edged.running_version() == "1.19.0"
    assert not visitors.failed
    assert visitors.worst > 0.5  # they really waited


def test_a_release_that_ran_before_takes_over_side_by_side(edged: Place) -> None:
    edged.deploy("1.18.1")
    with Visitors(edged.port, rate=20) as visitors:
        run = edged.deploy("1.18.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "switch.stop" not in set(run.steps.values_list("kind", flat=True))
    assert not visitors.failed
    assert pointed(edged) == port_of(edged)


def test_the_release_before_is_kept_warm_and_gone_back_to_at_once(edged: Place) -> None:
    edged.deploy("1.18.1")
    edged.deploy("1.18.0")
    with Visitors(edged.port, rate=20) as visitors:
        run = edged.roll_back()
    assert run.state == RunState.SUCCEEDED, run.headline
    assert edged.running_version() == "1.18.1"
    assert run.params["warm"]
    assert not visitors.failed
    assert not warm.warm(edged.environment, edged.runtime)


def test_a_release_that_does_not_come_up_is_undone_and_its_visitors_are_led_back(edged: Place) -> None:
    edged.environment.gate_seconds = 12
    edged.environment.save()
    run = edged.deploy("1.20.9")
    assert run.state == RunState.UNDONE, run.headline
    assert edged.serving()
    assert pointed(edged) == port_of(edged)


def test_a_stop_takes_what_was_kept_warm_with_it(edged: Place) -> None:
    edged.deploy("1.18.1")
    edged.deploy("1.18.0")
    assert warm.warm(edged.environment, edged.runtime)
    run = edged.deploy("1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert not warm.warm(edged.environment, edged.runtime)


def test_a_restore_lets_requests_wait(edged: Place) -> None:
    from backups import selectors
    from backups.services import restores
    from smsops.runs.plan import By
    from tests.places import drive

    edged.back_up()
    with Visitors(edged.port, rate=20) as visitors:
        run = drive(restores.start(selectors.find(edged.environment, "latest"), By(name="test")))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert not visitors.failed


def test_an_sms_with_the_public_port_gets_an_edge_with_the_next_switch(place: Place, caddy: CaddyServer) -> None:
    place.deploy("1.18.0")
    assert port_of(place) == place.port
    put_before(place, caddy)
    run = place.deploy("1.18.1")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert pointed(place) == port_of(place) != place.port
    assert place.serving()


def test_and_gives_it_up_again_in_the_same_way(edged: Place) -> None:
    edged.environment.edge = EdgeKind.NONE
    edged.environment.save()
    run = edged.deploy("1.18.1")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert port_of(edged) == edged.port
    assert edged.serving()


def test_an_edge_that_takes_no_orders_stops_a_deploy_before_anything_happens(edged: Place, caddy: CaddyServer) -> None:
    before = port_of(edged)
    caddy.kill()
    run = edged.deploy("1.18.1")
    caddy.start()
    assert run.state in (RunState.SAFE, RunState.UNDONE), run.headline
    assert "Caddy takes no orders" in run.cause
    assert port_of(edged) == before
    assert edged.serving()
