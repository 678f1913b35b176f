"""The door for alerts, as a WSGI application of its own: no sessions, no templates, no admin, so that whatever befalls
those pages, alerts are stored (I2) and Prometheus gets its figures (I15). `gunicorn incidents.intake_site:application`;
the site has the same doors for installations with one web process.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import django
from django.db import close_old_connections

from smsops import afterwards, setting_values

_ROUTE = re.compile(r"/alerts/(alertmanager|grafana|generic|heartbeat)(?:/([A-Za-z0-9_-]{20,100}))?/?")
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Said = tuple[int, bytes, dict[str, str]]  # status, body, headers


def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request, in plain text."""
    answer = _figures if environ.get("PATH_INFO") == "/metrics" else _answer
    status, body, headers = answer(environ)
    headers = {"Content-Type": "text/plain; charset=utf-8", **headers, "Content-Length": str(len(body))}
    start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    afterwards.look()  # nobody else is told that a request was answered here
    return [body]


def _figures(environ: dict[str, Any]) -> Said:
    from incidents import metrics_door  # after django.setup()

    close_old_connections()
    try:
        found = metrics_door.answer(environ["REQUEST_METHOD"], environ.get("REMOTE_ADDR", ""), _headers(environ))
    finally:
        close_old_connections()
    return found.status, found.body, found.headers


def _answer(environ: dict[str, Any]) -> Said:
    from incidents.services import reception  # after django.setup()

    route = _ROUTE.fullmatch(environ.get("PATH_INFO", ""))
    if route is None:
        return 404, b"There is nothing here.\n", {}
    if environ["REQUEST_METHOD"] not in ("POST", "PUT"):
        return 405, b"Send it by POST.\n", {}
    close_old_connections()
    try:
        answer = reception.receive(route[1], route[2] or "", _headers(environ), _reader(environ))
    finally:
        close_old_connections()
    return answer.status, f"{answer.text}\n".encode(), {}


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    return {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}


def _reader(environ: dict[str, Any]) -> Callable[[int], bytes]:
    """Reads the body up to its length, as told; a server that takes chunks says where they end."""
    stream = environ.get("wsgi.input") or io.BytesIO()
    told = environ.get("CONTENT_LENGTH") or ""
    if not told.isdecimal():
        return lambda most: stream.read(most) if environ.get("wsgi.input_terminated") else b""
    left = int(told)

    def read(most: int) -> bytes:
        nonlocal left
        piece = bytes(stream.read(min(left, most)))
        left -= len(piece)
        return piece

    return read


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsops.settings")
with setting_values.in_a_sentence(setting_values.GUNICORN_GIVES_UP):
    django.setup()
application = serve
