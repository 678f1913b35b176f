"""`/healthz` and `/readyz`, for whatever starts, restarts and balances processes (K8).

They are answered before anything else: no session, no sign-in, no host name and no HTTPS is asked for, because who
probes comes by an address of its own. `/healthz` says that the process lives and asks nothing; `/readyz` asks what
smsops needs, and is 503 while something is missing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from smsops import readiness

Answer = Callable[[HttpRequest], HttpResponseBase]


class Probes:
    """Middleware, the first of all."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = ANSWERS.get(request.path_info) if request.method in ("GET", "HEAD") else None
        if answer is None:
            return self.get_response(request)
        response = answer()
        response["Cache-Control"] = "no-store"
        return response


def alive() -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def ready() -> HttpResponse:
    """A word for each thing that is needed."""
    found = readiness.lately()
    good = all(part.good for part in found)
    told = {"ready": good, "parts": {part.name: part.said for part in found}}
    return JsonResponse(told, status=200 if good else 503)


ANSWERS = {"/healthz": alive, "/readyz": ready}
