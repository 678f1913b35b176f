"""What every request goes through before an operation sees it: its size, its kind, who sends it, how often, and whether
it was sent before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from smsops.api import idempotency, problems, rates, tokens
from smsops.api.callers import caller_of
from smsops.api.problems import Problem
from smsops.api.runs import accepted
from smsops.redact import redact

log = logging.getLogger(__name__)
View = Callable[..., HttpResponseBase]
Questions = Callable[[str], frozenset[str] | None]
JSON = "application/json"


def door(view: View, asked: Questions) -> View:
    """The view behind the door. There is no session: whoever has no token is nobody, whatever cookies say. `asked` are
    the words a question may have, by method; None for a method it does not take."""

    @csrf_exempt
    def through(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        try:
            response = _answer(view, request, parts, asked)
        except Problem as problem:
            response = problem.response
        except Exception as error:
            log.error("%s %s: %s", request.method, request.path, redact(repr(error)), exc_info=True)
            response = problems.answer(500, "Something went wrong in smsops; its log says what.")
        response.headers["Cache-Control"] = "no-store"
        return response

    return through


def _answer(view: View, request: HttpRequest, parts: dict[str, Any], asked: Questions) -> HttpResponseBase:
    _refuse_size(request)
    caller = caller_of(request)
    rates.count(caller.token.pk)
    tokens.used(caller.token)
    request.caller = caller  # type: ignore[attr-defined]
    if (words := asked(request.method or "")) is not None:
        _refuse_kind(request)
        _refuse_words(request, words)

    def answer() -> HttpResponse:
        found = view(request, **parts)
        if isinstance(found, HttpResponseNotAllowed):
            said = f"This address does not take {request.method}."
            return problems.answer(405, said, {"Allow": found.headers["Allow"]})
        assert isinstance(found, HttpResponse)
        return found

    return idempotency.once(request, caller, answer, accepted) if request.method == "POST" else answer()


def _refuse_size(request: HttpRequest) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > settings.SMSOPS_API_BYTES:
        raise Problem(413, f"A body may have {settings.SMSOPS_API_BYTES:,} bytes.")


def _refuse_kind(request: HttpRequest) -> None:
    if request.method == "POST" and request.body and request.content_type != JSON:
        raise Problem(415, f"Send the body as {JSON}.")


def _refuse_words(request: HttpRequest, known: frozenset[str]) -> None:
    """A misspelt filter would otherwise be none, and the answer would look right."""
    if unknown := sorted(set(request.GET) - known):
        told = f"known are {', '.join(sorted(known))}" if known else "nothing is asked here"
        raise Problem(422, f"There is no “{unknown[0][:40]}” to ask for; {told}.")


@csrf_exempt
def nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """There is no operation at this address."""
    said = "There is no operation at this address; /api/v1/openapi.json lists them all."
    return problems.answer(404, said, {"Cache-Control": "no-store"})
