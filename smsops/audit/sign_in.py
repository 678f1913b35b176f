"""Sign-ins, sign-outs and sign-ins that failed, and what changes how somebody signs in. Of sign-ins that failed the
name is kept that was typed, and never the password."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth import signals
from django.http import HttpRequest

from smsops import signals as ours
from smsops.audit.context import Who, come_by, whoever
from smsops.audit.recording import cut_name, record, tell
from smsops.models.audit import Outcome, Sort

MEANS = {  # what changes how somebody signs in, by what the audit trail calls it
    "authenticator.added": ours.device_added,
    "authenticator.removed": ours.device_removed,
    "backup-codes.made": ours.backup_codes_made,
    "backup-codes.used": ours.backup_code_used,
    "sessions.ended": ours.sessions_ended,
    "lockout.lifted": ours.lockout_lifted,
    "identity.proven": ours.identity_proven,
    "identity.linked": ours.identity_linked,
}
MOST = 60  # sign-ins that were refused, told one by one, in a minute of one process


@dataclass
class _Refused:
    """How many this minute."""

    minute: int = 0
    count: int = 0
    more: int = 0


_refused = _Refused()
TOLD = ("name", "left", "count", "why", "how", "issuer")


def connect() -> None:
    """Listen; twice is fine."""
    for action, means in MEANS.items():
        means.connect(partial(_changed, action), weak=False, dispatch_uid=f"smsops.audit.{action}")
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


def _changed(action: str, user: Any = None, reason: str = "", **more: Any) -> None:
    """Who did it is whoever is signed in; on the way in, the person it is about."""
    who = whoever()
    if who.user is None and user is not None and not more.get("author"):
        who = who.named(user)
    given = {name: more[name] for name in TOLD if more.get(name) is not None}
    tell(action, user, sort=Sort.SIGN_IN, who=who, reason=reason, given=given)


def _too_many() -> bool:
    """Whether this minute has had so many that were refused that no more are told one by one: anybody can send them,
    and nobody can remove an entry. How many more there were is told with the next minute's first."""
    minute = int(time.monotonic() // 60)
    if minute != _refused.minute:
        if _refused.more:
            given = {"more": _refused.more}
            several = Who("several", whoever().door)
            record("sign-in", sort=Sort.SIGN_IN, who=several, outcome=Outcome.REFUSED, given=given)
        _refused.minute, _refused.count, _refused.more = minute, 0, 0
    _refused.count += 1
    _refused.more += _refused.count > MOST
    return _refused.count > MOST


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if _too_many():
        return
    place = come_by(request) if request is not None else Who()
    name = cut_name(str(credentials.get("username") or ""))
    who = Who(name or "nobody", place.door, None, place.address, place.agent)
    record("sign-in", sort=Sort.SIGN_IN, who=who, outcome=Outcome.REFUSED)
