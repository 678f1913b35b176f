"""Between the password and the code: who has shown the one and owes the other. Nobody is signed in yet."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

KEY = "smsops_pending"
SECONDS = 600


@dataclass(frozen=True)
class Pending:
    """A person whose password was right, and where they wanted to go."""

    user: User
    backend: str
    next: str


def begin(request: HttpRequest, user: User, next_page: str) -> None:
    """Remember that the password was right. The session gets another key: nobody waits for it with one of theirs."""
    request.session.cycle_key()
    request.session[KEY] = {
        "user": user.pk, "backend": user.backend, "next": next_page, "at": time.time(),
        "hash": user.get_session_auth_hash(),
    }  # fmt: skip


def of(request: HttpRequest) -> Pending | None:
    """Who is between password and code; nobody after ten minutes, or when the password was changed meanwhile."""
    held = request.session.get(KEY)
    if not held or time.time() - held["at"] > SECONDS:
        return None
    user = get_user_model().objects.filter(pk=held["user"], is_active=True, is_staff=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), held["hash"]):
        return None
    return Pending(user, held["backend"], held["next"])


def end(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
