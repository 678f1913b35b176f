"""One bounded request; whatever comes back, and if nothing does, it is an answer and never an exception."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from smsops import http
from smsops.http import Answer, ask
from tests.places import free_port
from tests.smsops.servers import answering, dripping, flooding, hanging, saying, talking

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
TIMEOUT = 0.3


def _timed(act: Callable[[], Answer]) -> tuple[Answer, float]:
    began = time.monotonic()
    return act(), time.monotonic() - began


def test_a_good_answer_comes_with_code_body_headers_and_time() -> None:
    with answering({"/health": (200, {"status": "healthy"})}) as url:
        answer = ask(url, "/health")
    assert (answer.code, answer.ok, answer.error) == (200, True, "")
    assert answer.json() == {"status": "healthy"}
    assert answer.headers["x-asked"] == "/health"
    assert 0 < answer.seconds < 5


@pytest.mark.parametrize("code", [204, 301, 302, 404, 429, 500, 503])
def test_any_code_is_an_answer_and_redirects_are_not_followed(code: int) -> None:
    with answering({"/": (code, ""), "/elsewhere": (200, "here")}) as url:
        answer = ask(url, "/")
    assert (answer.code, answer.answered, answer.ok) == (code, True, code == 204)
    assert answer.describe() == f"HTTP {code}"


def test_a_payload_is_sent_as_json_with_the_headers_given() -> None:
    with answering({}) as url:
        answer = ask(url, "/login", method="POST", payload={"email": "ä"}, headers={"X-Run": "7"})
    received = answer.json()
    assert json.loads(received["body"]) == {"email": "ä"}
    assert (received["type"], received["X-Run"]) == ("application/json", "7")


def test_a_body_that_is_not_json_is_none_as_json() -> None:
    with answering({"/": (200, "<html>")}) as url:
        answer = ask(url, "/")
    assert answer.json() is None
    assert answer.body == b"<html>"


def test_nothing_listening_is_an_answer() -> None:
    answer = ask(f"http://127.0.0.1:{free_port()}", "/health")
    assert (answer.code, answer.ok, answer.describe()) == (0, False, "connection refused")


def test_an_unknown_host_is_an_answer() -> None:
    assert ask("http://no-such-host.invalid", "/").error == "the host name is unknown"


def test_a_server_that_hangs_is_left_at_the_timeout() -> None:
    with talking(hanging) as url:
        answer, seconds = _timed(lambda: ask(url, "/", timeout=TIMEOUT))
    assert answer.error.startswith("no answer within")
    assert TIMEOUT <= seconds < 20


DRIPS = {
    "in the status line": b"HTTP/1.1 200",
    "in a header": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "in a body": HEAD + b"Content-Length: 1000000\r\n\r\n",
    "in a body without a length": HEAD + b"\r\n",
}


@pytest.mark.parametrize("first", DRIPS.values(), ids=DRIPS.keys())
def test_a_server_that_drips_is_left_at_the_timeout(first: bytes) -> None:
    with talking(dripping(first, b"x")) as url:
        answer, seconds = _timed(lambda: ask(url, "/", timeout=TIMEOUT))
    assert answer.error.startswith("no answer within")
    assert TIMEOUT <= seconds < 20


def test_a_body_without_an_end_is_cut() -> None:
    with talking(flooding(HEAD + b"\r\n")) as url:
        answer = ask(url, "/", timeout=5)
    assert answer.code == 200
    assert http.MAX_BODY <= len(answer.body) < http.MAX_BODY + 65536


STRANGE = {
    "nothing": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "headers without an end": HEAD + b"X-Long: " + b"x" * 70_000,
    "too many headers": HEAD + b"X: y\r\n" * 200 + b"\r\n",
}


@pytest.mark.parametrize("said", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_no_http_is_an_answer(said: bytes) -> None:
    with talking(saying(said)) as url:
        answer = ask(url, "/", timeout=10)
    assert not answer.answered
    assert answer.error.startswith("no usable answer")


def test_a_server_that_speaks_no_tls_is_an_answer() -> None:
    with talking(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        answer = ask(url.replace("http:", "https:"), "/", timeout=10)
    assert answer.error.startswith("no usable answer")


def test_a_path_with_a_line_break_sends_nothing() -> None:
    with answering({"/": (200, "")}) as url:
        answer = ask(url, "/\r\nX-Evil: 1")
    assert answer.error.startswith("no usable answer")


BAD_URLS = ["http://127.0.0.1:abc", "http://127.0.0.1:99999", "http://[::1", "http://a..b", f"http://{'a' * 70}.gr", ""]


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_bad_address_is_an_answer(url: str) -> None:
    answer = ask(url, "/", timeout=1)
    assert not answer.answered
    assert answer.error


def test_a_body_nested_too_deep_is_no_json() -> None:
    assert Answer("http://x/", 200, b"[" * 100_000).json() is None
