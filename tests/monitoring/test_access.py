"""Who may read /metrics: at the site and at the door for alerts alike, without anybody signing in."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents import intake_site
from incidents.monitoring import exposition

pytestmark = pytest.mark.django_db

TOKEN = "right-hyjkvpwqzrtnbmslxcd"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_site, "close_old_connections", lambda: None)


def ask(door: str, remote: str = "127.0.0.1", method: str = "GET", **headers: str) -> tuple[int, bytes]:
    """The status and the body, through one of the two doors."""
    environ = {"HTTP_HOST": "127.0.0.1:8000", **{f"HTTP_{name.upper()}": value for name, value in headers.items()}}
    if door == "site":
        answer = Client().generic(method, "/metrics", REMOTE_ADDR=remote, **environ)  # type: ignore[arg-type]
        return answer.status_code, answer.content
    said: list[str] = []
    asked: dict[str, Any] = {"PATH_INFO": "/metrics", "REQUEST_METHOD": method, "REMOTE_ADDR": remote, **environ}
    body = b"".join(intake_site.serve(asked, lambda status, _: said.append(status)))
    return int(said[0].split()[0]), body


DOORS = pytest.mark.parametrize("door", ["site", "intake"])


@DOORS
@pytest.mark.parametrize("remote", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_reads_it(door: str, remote: str) -> None:
    status, body = ask(door, remote)
    assert (status, b"smsops_environments 0.0" in body) == (200, True)


@DOORS
@pytest.mark.parametrize(
    ("remote", "headers"),
    [
        ("192.0.2.7", {}),
        ("", {}),
        ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"via": "1.1 proxy"}),
        ("127.0.0.1", {"authorization": f"Bearer {TOKEN}"} | {"x_real_ip": "192.0.2.7"}),
    ],
)
def test_without_a_token_nobody_else_does_and_nothing_a_proxy_passes_on(
    door: str, remote: str, headers: dict[str, str]
) -> None:
    status, body = ask(door, remote, **headers)
    assert (status, b"smsops_" in body) == (403, False)


def test_a_name_that_was_led_here_is_not_this_machine(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert [ask(door, host="evil.example")[0] for door in ("site", "intake")] == [403, 403]


def test_behind_a_proxy_the_loopback_address_says_nothing(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert [ask(door)[0] for door in ("site", "intake")] == [403, 403]


@DOORS
def test_with_a_token_it_is_for_who_has_it_wherever_he_is(settings: Any, door: str) -> None:
    settings.SMSOPS_METRICS_TOKEN = TOKEN
    assert ask(door, "192.0.2.7", authorization=f"Bearer {TOKEN}", x_forwarded_for="192.0.2.7")[0] == 200
    wrong = ["", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ü"]
    assert [ask(door, authorization=given)[0] for given in wrong] == [401] * len(wrong)


@DOORS
def test_it_is_only_read(door: str) -> None:
    assert ask(door, method="POST")[0] in (403, 405)
    assert ask(door, method="DELETE")[0] in (403, 405)


@DOORS
def test_a_database_that_is_away_is_an_error_and_no_empty_answer(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> bytes:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(exposition, "exposed", away)
    assert ask(door)[0] == 503


def test_it_shares_nothing_with_the_login() -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = Client().get("/metrics", HTTP_HOST="127.0.0.1", HTTP_COOKIE=f"sessionid={'s' * 32}")
    assert (answer.status_code, answer.cookies) == (200, {})
    assert [query["sql"] for query in asked if "session" in query["sql"] or "auth_" in query["sql"]] == []
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")


def test_a_token_that_can_be_guessed_is_an_error(settings: Any) -> None:
    from smsops.checks import metrics_token_is_long

    settings.SMSOPS_METRICS_TOKEN = "monitoring"
    assert [found.id for found in metrics_token_is_long(None)] == ["smsops.E002"]
    settings.SMSOPS_METRICS_TOKEN = TOKEN
    assert metrics_token_is_long(None) == []
