"""What goes wrong, as RFC 9457 has it: a status and one sentence for whoever reads the log of the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpResponse

from smsops.redact import redact

MEDIA_TYPE = "application/problem+json"
LONGEST = 1000  # characters of a sentence


class Problem(Exception):
    """Ends the request; nothing was changed."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})

    @property
    def response(self) -> HttpResponse:
        """What is answered."""
        return answer(self.status, self.detail, self.headers)


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer with that status and sentence; `type` is left out, which means that the status says it all."""
    told = {"title": HTTPStatus(status).phrase, "status": status, "detail": redact(detail)[:LONGEST]}
    body = json.dumps(told, ensure_ascii=False)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def missing(what: str) -> Problem:
    """There is no such thing, or none this caller may know of: the same words for both."""
    return Problem(404, f"There is no {what}.")
