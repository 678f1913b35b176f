"""Who comes to a page: people with a session, or machines, which share nothing with the sign-in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def brings_session(request: HttpRequest) -> bool:
    """Whether a page of the admin is asked for by a browser that may have signed in. Known once the address is
    resolved; doors for machines (tokens, alerts, health, metrics) never count, whatever cookies come with them."""
    match = request.resolver_match
    return match is not None and "admin" in match.app_names and settings.SESSION_COOKIE_NAME in request.COOKIES
