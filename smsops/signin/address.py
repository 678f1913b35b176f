"""From which address a request comes: what lockouts count by, and what people read on the page of their sign-ins."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def of(request: HttpRequest) -> str | None:
    """The client's address, None where there is none (a socket that is a file).

    Only behind a proxy (SMSOPS_BEHIND_PROXY) is X-Forwarded-For believed, and of it only what the outermost of our own
    SMSOPS_PROXIES wrote: everything to the left of that anybody can make up.
    """
    direct = _valid(request.META.get("REMOTE_ADDR", ""))
    if not settings.SMSOPS_BEHIND_PROXY:
        return direct
    told = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if each.strip()]
    place = min(len(told), max(1, settings.SMSOPS_PROXIES))
    return (_valid(told[-place]) if told else None) or direct


def _valid(text: str) -> str | None:
    bare = text.rpartition(":")[0] if text.count(":") == 1 else text  # some proxies add the port
    if text.startswith("["):
        bare = text[1:].partition("]")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None
