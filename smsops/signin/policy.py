"""Who needs a second factor, and whether a session has shown one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.http import HttpRequest

from smsops.signin import devices

REQUIRED, OFFERED, OFF = "required", "offered", "off"
MODES = (REQUIRED, OFFERED, OFF)
OIDC_BACKEND = "smsops.signin.oidc.Backend"


def required() -> bool:
    return bool(settings.SMSOPS_TOTP == REQUIRED)


def on() -> bool:
    return bool(settings.SMSOPS_TOTP != OFF)


def settled(request: HttpRequest) -> bool:
    """Whether the session of somebody who is signed in has shown everything that is asked for here.

    The second factor of people of the single sign-on is their provider's affair.
    """
    return not required() or by_oidc(request) or verified(request.user)


def verified(user: Any) -> bool:
    """Whether this session has shown a second factor."""
    return getattr(user, "otp_device", None) is not None


def by_oidc(request: HttpRequest) -> bool:
    """Whether the session began at the single sign-on."""
    return bool(request.session.get(BACKEND_SESSION_KEY) == OIDC_BACKEND)


def shows_code(user: User) -> bool:
    """Whether this person is asked for a code."""
    return on() and devices.authenticator_of(user) is not None
