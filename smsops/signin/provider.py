"""The OpenID provider, as it describes itself: where people are sent, and where to ask (OpenID Discovery 1.0)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

import requests
from django.conf import settings

from smsops.errors import OpsError

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


def configured() -> bool:
    return bool(settings.SMSOPS_OIDC_ISSUER)


def endpoint(name: str) -> str:
    """One of ENDPOINTS. Raises OpsError when the provider does not answer, or describes another one."""
    return _described(settings.SMSOPS_OIDC_ISSUER)[name]


def safe(address: str) -> bool:
    """Whether what is sent there can be read by nobody on the way: HTTPS, or this machine."""
    url = urlsplit(address)
    if url.scheme == "https":
        return True
    try:
        return url.scheme == "http" and ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=4)
def _described(issuer: str) -> dict[str, str]:
    """Asked once in the life of a process; a failure is not remembered."""
    if not safe(issuer):
        raise OpsError(f"The single sign-on must be reached by HTTPS, and {issuer} is not.")
    where = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        answer = requests.get(where, timeout=settings.OIDC_TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        told = answer.json()
        found = {name: str(told[name]) for name in ENDPOINTS}
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise OpsError("The single sign-on does not answer.", transient=True) from error
    if told.get("issuer") != issuer or not all(safe(each) for each in found.values()):
        raise OpsError("The single sign-on is another one than SMSOPS_OIDC_ISSUER says.")
    return found


def name() -> str:
    """What the button calls it; empty without one."""
    return str(settings.SMSOPS_OIDC_NAME) if configured() else ""
