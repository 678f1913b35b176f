"""Ends a session that nobody used for too long, or that is too old, however busy it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from smsops.models import SignIn
from smsops.signin import sessions
from smsops.text import count_text
from smsops.visitors import brings_session

NOTED_SECONDS = 60  # how exactly it is known when somebody was seen last


class SessionLimits:
    """Looks at requests for pages of the admin alone: machines with tokens, alerts, health and metrics share nothing
    with the sign-in, whatever cookies they bring."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = getattr(request, "key_before", "")
        if key and key != request.session.session_key and SESSION_KEY in request.session:
            sessions.follow(request)
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if not brings_session(request):
            return
        if SESSION_KEY in request.session:
            self._look(request)
        request.key_before = request.session.session_key  # type: ignore[attr-defined]

    def _look(self, request: HttpRequest) -> None:
        if why := over(request):
            request.sign_out_why = why  # type: ignore[attr-defined]
            logout(request)
            messages.info(request, f"{why} Sign in again.")
        elif by_hand(request) and time.time() - request.session[sessions.SEEN] > NOTED_SECONDS:
            request.session[sessions.SEEN] = time.time()
            SignIn.objects.filter(pk=request.session[sessions.ROW]).update(seen_at=timezone.now())


def over(request: HttpRequest) -> str:
    """Why the session is over, in a sentence; empty when it is not."""
    begun, seen = request.session.get(sessions.BEGUN), request.session.get(sessions.SEEN)
    if begun is None or seen is None or time.time() - begun > settings.SMSOPS_SESSION_HOURS * 3600:
        return f"After {count_text(settings.SMSOPS_SESSION_HOURS, 'hour')} every session ends."
    if time.time() - seen > settings.SMSOPS_SESSION_IDLE_MINUTES * 60:
        return "Your session ended because nobody used it."
    return ""


def by_hand(request: HttpRequest) -> bool:
    """Whether a person asked, and not a page that keeps itself fresh."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
