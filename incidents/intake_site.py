"""The door for alerts, as a WSGI application of its own: no sessions, no templates, no admin, so that whatever befalls
those pages, alerts are stored (I2). `gunicorn incidents.intake_site:application`; the site has the same door for
installations with one web process.
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

_ROUTE = re.compile(r"/alerts/(alertmanager|grafana|generic|heartbeat)/([A-Za-z0-9_-]{20,100})/?")
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request, in plain text."""
    status, text = _answer(environ)
    body = f"{text}\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body]


def _answer(environ: dict[str, Any]) -> tuple[int, str]:
    from incidents.services import reception  # after django.setup()

    route = _ROUTE.fullmatch(environ.get("PATH_INFO", ""))
    if route is None:
        return 404, "There is nothing here."
    if environ["REQUEST_METHOD"] not in ("POST", "PUT"):
        return 405, "Send it by POST."
    headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
    close_old_connections()
    try:
        answer = reception.receive(route[1], route[2], headers, _reader(environ))
    finally:
        close_old_connections()
    return answer.status, answer.text


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
django.setup()
application = serve
