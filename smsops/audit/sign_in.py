"""Sign-ins, sign-outs and sign-ins that failed. Of those the name is kept that was typed, and never the password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import signals
from django.http import HttpRequest

from smsops.audit.context import Who, come_by
from smsops.audit.recording import cut_name, record
from smsops.models.audit import Outcome, Sort


def connect() -> None:
    """Listen; twice is fine."""
    for signal, receiver in (
        (signals.user_logged_in, _signed_in),
        (signals.user_logged_out, _signed_out),
        (signals.user_login_failed, _failed),
    ):
        signal.connect(receiver, dispatch_uid=f"smsops.audit{receiver.__name__}")


def _signed_in(request: HttpRequest, user: Any, **_: Any) -> None:
    record("sign-in", user, sort=Sort.SIGN_IN, who=come_by(request).named(user))


def _signed_out(request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        record("sign-out", user, sort=Sort.SIGN_IN, who=come_by(request).named(user))


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    place = come_by(request) if request is not None else Who()
    name = cut_name(str(credentials.get("username") or ""))
    who = Who(name or "nobody", place.door, None, place.address, place.agent)
    record("sign-in", sort=Sort.SIGN_IN, who=who, outcome=Outcome.REFUSED)
