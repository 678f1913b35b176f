"""Somebody outside is told as long as all is well, and only then; the address is a secret."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from smsops import outside, readiness
from smsops.readiness import Part
from smsops.tasks import ping_outside
from tests.places import free_port

pytestmark = pytest.mark.django_db


class Waiting:
    """A service that waits for pings."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quietly."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/ping/s3cret?rid=1"


@pytest.fixture
def service(settings: Any) -> Iterator[Waiting]:
    found = Waiting()
    Thread(target=found.server.serve_forever, daemon=True).start()
    settings.SMSOPS_PING_URL = found.address
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_it_is_told_at_its_whole_address(service: Waiting) -> None:
    ping_outside()
    assert service.heard == ["/ping/s3cret?rid=1"]


def test_while_something_is_missing_it_hears_nothing(service: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "parts", lambda: [Part("disk", False, "1.0 MB left")])
    assert not outside.ping()
    assert service.heard == []


def test_without_an_address_nobody_is_told(settings: Any) -> None:
    settings.SMSOPS_PING_URL = ""
    assert not outside.ping()


def test_a_service_that_is_away_is_told_of_in_the_log_without_its_address(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SMSOPS_PING_URL = f"http://127.0.0.1:{free_port()}/ping/s3cret"
    assert not outside.ping()
    assert "the outside was not reached: connection refused" in caplog.text
    assert "s3cret" not in caplog.text
