"""`/metrics`, on the site and at the door for alerts (intake_site.py): no session, no login, no template (I15)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse

from incidents.monitoring import access, exposition

log = logging.getLogger(__name__)
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def answer(method: str, remote: str, headers: Mapping[str, str]) -> Answer:
    """The figures, or why not. `headers` by lower-case names."""
    if method != "GET":
        return _told(405, "Ask for it by GET.", Allow="GET")
    if not access.allowed(remote, headers):
        if settings.SMSOPS_METRICS_TOKEN:
            return _told(401, "The figures are for whoever has the token.", **{"WWW-Authenticate": "Bearer"})
        return _told(403, "Without a token the figures are for this machine alone (SMSOPS_METRICS_TOKEN).")
    try:
        body = exposition.exposed()
    except Error as error:
        log.warning("the figures cannot be read: %s", error)
        return _told(503, "The database does not answer.")
    return Answer(200, body, {"Content-Type": exposition.CONTENT_TYPE, "Cache-Control": "no-store"})


def scrape(request: HttpRequest) -> HttpResponse:
    """The same on the site itself."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = answer(request.method or "", request.META.get("REMOTE_ADDR", ""), headers)
    return HttpResponse(found.body, status=found.status, headers=found.headers)


def _told(status: int, text: str, **headers: str) -> Answer:
    return Answer(status, f"{text}\n".encode(), {"Content-Type": PLAIN, **headers})
