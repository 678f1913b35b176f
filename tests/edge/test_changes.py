"""Caddy's configuration is changed again and again while people come by: nobody is lost (D11)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from smsops.edge.caddy import Caddy
from smsops.http import ask
from tests.edge.caddies import CaddyServer
from tests.edge.test_caddy import school
from tests.places import free_port

CHANGES, VISITORS = 60, 4


def test_not_one_request_is_lost_to_a_change(caddy: CaddyServer) -> None:
    edge, over = Caddy("school", caddy.admin, free_port()), Event()

    def come_by() -> list[int]:
        codes = []
        while not over.is_set():
            codes.append(ask(f"http://127.0.0.1:{edge.listen}", "/", timeout=20).code)
        return codes

    with school() as (one, _), school() as (other, _), ThreadPoolExecutor(VISITORS) as pool:
        edge.point(one)
        people = [pool.submit(come_by) for _ in range(VISITORS)]
        for number in range(CHANGES):
            edge.point((other, one)[number % 2])
        over.set()
        codes = [code for each in people for code in each.result()]
    assert len(codes) > CHANGES
    assert set(codes) == {200}
