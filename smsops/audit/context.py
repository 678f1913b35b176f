"""Who acts, and from where: set by the middleware, by `ops`, by a link; otherwise it is smsops itself."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from smsops.models.audit import Door
from smsops.signin import address

ITSELF = "smsops"
LONGEST_AGENT = 100


@dataclass(frozen=True)
class Who:
    """A person or smsops itself; `user` is the number of the account, where there is one."""

    name: str = ITSELF
    door: str = Door.SELF
    user: int | None = None
    address: str = ""
    agent: str = ""

    def named(self, user: Any, name: str = "") -> Who:
        """The same place, and this person there."""
        known = user is not None and user.pk is not None
        name = name or (user.get_username() if known else "")
        return replace(self, name=name or self.name, user=user.pk if known else None)


@dataclass(frozen=True)
class Presence:
    """One request or command: who is asked only when an entry is written, because signing in changes it."""

    ask: Callable[[], Who]
    together: str


_presence: ContextVar[Presence | None] = ContextVar("smsops_audit", default=None)


def whoever() -> Who:
    """Who acts here and now."""
    found = _presence.get()
    return found.ask() if found is not None else Who()


def together() -> str:
    """What the entries of this request or command have in common; empty outside of any."""
    found = _presence.get()
    return found.together if found is not None else ""


@contextmanager
def acting(who: Who | Callable[[], Who]) -> Iterator[None]:
    """Entries written inside are of this person."""
    ask = who if callable(who) else lambda: who
    mark = _presence.set(Presence(ask, secrets.token_hex(8)))
    try:
        yield
    finally:
        _presence.reset(mark)


def come_by(request: HttpRequest, door: str = Door.ADMIN) -> Who:
    """Whoever sent this request, by the account that is signed in or whose token it brought."""
    if (caller := getattr(request, "caller", None)) is not None:
        return Who("nobody", Door.API, None, address_of(request), agent_of(request)).named(caller.user)
    place = Who("nobody", door, None, address_of(request), agent_of(request))
    user = getattr(request, "user", None)
    return place.named(user) if user is not None and user.is_authenticated else place


def address_of(request: HttpRequest) -> str:
    """The address it came from, behind proxies of ours the one that the outermost saw."""
    return address.of(request) or ""


def agent_of(request: HttpRequest) -> str:
    """What the browser calls itself, shortened."""
    return str(request.META.get("HTTP_USER_AGENT", ""))[:LONGEST_AGENT]


def at_the_terminal(account: str) -> Who:
    """Whoever types a command, by the account of the process and the host."""
    host = socket.gethostname()
    return Who(f"{account}@{host}", Door.COMMAND, None, host)
