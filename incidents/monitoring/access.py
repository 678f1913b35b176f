"""Who may read the figures: whoever has the token, or, where there is none, this machine itself. Nobody signs in here.

Without a token a request must come from the loopback address, ask for a loopback name, and have come through no proxy:
one that a proxy on this machine passes on comes from the loopback address too.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings

PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def allowed(remote: str, headers: Mapping[str, str]) -> bool:
    """Whether somebody at that address who sends these headers (by lower-case names) may. A wrong token takes the same
    time however much of it is right."""
    token: str = settings.SMSOPS_METRICS_TOKEN
    if token:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
        return same and scheme.lower() == "bearer"
    proxied = bool(getattr(settings, "SECURE_PROXY_SSL_HEADER", None)) or any(name in headers for name in PASSED_ON)
    return not proxied and _loopback(remote) and _names_loopback(headers.get("host", ""))


def _loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _names_loopback(host: str) -> bool:
    """A page in a browser on this machine may have its own name lead here; the name in its request is still its own."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _loopback(name)
