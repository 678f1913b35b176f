"""Lets the audit trail know who sent a request, and from where."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from smsops.audit.context import acting, come_by

Answer = Callable[[HttpRequest], HttpResponse]


def whereabouts(answer: Answer) -> Answer:
    """Django's middleware; after it the account is asked for only when an entry is written."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with acting(lambda: come_by(request)):
            return answer(request)

    return middleware
