"""The driver for Caddy, against a real one."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo.visitors import Visitors
from smsops.edge import caddy_config
from smsops.edge.base import EdgeUnavailable
from smsops.edge.caddy import Caddy
from smsops.edge.caddy_config import SORRY
from smsops.errors import OpsError
from smsops.http import Answer, ask
from tests.edge.caddies import CaddyServer
from tests.places import free_port, wait_for


class _School(http.server.BaseHTTPRequestHandler):
    """Says who it is; ready only once it is told so."""

    ready = True

    def do_GET(self) -> None:
        self.send_response(200 if self.ready or self.path != "/health/ready" else 503)
        self.end_headers()
        self.wfile.write(str(self.server.server_port).encode())  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024


@contextmanager
def school(port: int = 0, *, ready: bool = True) -> Iterator[tuple[int, type[_School]]]:
    """Something that answers like SMS; its port, and its handler."""
    handler = type("School", (_School,), {"ready": ready})
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def edge(caddy: CaddyServer) -> Caddy:
    return Caddy("school", caddy.admin, free_port())


def answer(edge: Caddy) -> Answer:
    return ask(f"http://127.0.0.1:{edge.listen}", "/")


def test_requests_go_where_it_points(edge: Caddy) -> None:
    with school() as (one, _), school() as (other, _):
        edge.point(one)
        assert answer(edge).body == str(one).encode()
        edge.point(other)  # what listened before may take one more request
        wait_for(lambda: answer(edge).body == str(other).encode(), "the other school")
        assert edge.pointed() == other


def test_before_anything_is_said_it_points_nowhere(edge: Caddy) -> None:
    assert edge.pointed() is None
    assert not edge.holding()


def test_two_schools_keep_out_of_each_others_way(edge: Caddy) -> None:
    other = Caddy("other", edge.admin, free_port())
    with school() as (one, _), school() as (two, _):
        edge.point(one)
        other.point(two)
        other.forget()
        assert answer(edge).body == str(one).encode()


def test_what_is_forgotten_gives_its_port_up(edge: Caddy) -> None:
    edge.point(1)
    edge.forget()
    edge.forget()
    assert edge.pointed() is None
    wait_for(lambda: not answer(edge).answered, "the port to be given up")


def test_requests_wait_until_sms_is_there_and_ready(edge: Caddy) -> None:
    port = free_port()
    with ExitStack() as later, school() as (old, _):
        edge.point(old)
        with Visitors(edge.listen) as visitors:
            wait_for(lambda: len(visitors.visits) > 5, "visitors")
            edge.hold(port, patience=30)
            _, handler = later.enter_context(school(port, ready=False))
            wait_for(lambda: ask(f"http://127.0.0.1:{port}", "/health/ready").code == 503, "the new one")
            many = len(visitors.visits)
            handler.ready = True
            wait_for(lambda: len(visitors.visits) > many + 20, "those that waited")
            wait_for(lambda: edge.under_way(port) < 16, "room for everybody")
            edge.point(port)
            wait_for(lambda: answer(edge).ok, "an answer")
    assert not visitors.failed
    assert visitors.worst > 0.05


def test_what_was_sent_before_anybody_listened_is_kept(edge: Caddy, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = caddy_config._passing_on

    def unseen(to: int, patience: float | None) -> dict[str, Any]:
        """As in the moment in which nobody has looked yet: everybody is passed on, to nobody."""
        return {key: value for key, value in usual(to, patience).items() if key != "health_checks"}

    monkeypatch.setattr(caddy_config, "_passing_on", unseen)
    port = free_port()
    edge.hold(port, patience=30)
    with ExitStack() as later, Visitors(edge.listen) as visitors:
        wait_for(lambda: time.monotonic() > visitors.began + 0.5, "visitors")
        later.enter_context(school(port))
        wait_for(lambda: len(visitors.visits) > 40, "those that waited")
    assert {visit.code for visit in visitors.visits} == {200}


def test_a_school_that_is_away_is_apologised_for(edge: Caddy) -> None:
    edge.point(free_port())
    found = answer(edge)
    assert found.code == 503
    assert found.body.decode() == SORRY
    assert found.headers["retry-after"] == "5"


def test_a_restart_changes_nothing(edge: Caddy, caddy: CaddyServer) -> None:
    with school() as (port, _):
        edge.point(port)
        caddy.kill()
        caddy.start()
        assert edge.pointed() == port
        assert answer(edge).ok


def test_a_port_that_is_taken_is_named_and_what_was_stays(edge: Caddy) -> None:
    with school() as (port, _), school() as (taken, _):
        edge.point(port)
        with pytest.raises(OpsError, match=f"Another program has port {taken}"):
            Caddy("late", edge.admin, taken).point(port)
        assert answer(edge).ok


def test_an_edge_that_is_away_is_a_passing_trouble(tmp_path: Path) -> None:
    edge = Caddy("school", f"unix://{tmp_path}/nobody.sock", 8080)
    with pytest.raises(EdgeUnavailable, match="takes no orders") as caught:
        edge.pointed()
    assert caught.value.transient
