"""In which zone a time is told: the reader's own on their pages, the installation's in what is the same for everybody.

A person's zone is kept with them and goes into the session when they sign in, so that no page has to ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from smsops.models import OwnSettings
from smsops.visitors import brings_session

KEY = "smsops_zone"  # in the session
WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?)(\.\d{1,6})? UTC")  # how our sentences tell a moment


def house() -> tzinfo:
    """The zone of the installation (SMSOPS_TIME_ZONE)."""
    return timezone.get_default_timezone()


def in_house(at: datetime) -> datetime:
    """A moment as the installation tells it, whoever looks."""
    return timezone.localtime(at, house())


def kept(at: datetime, seconds: bool = False) -> str:
    """A moment in a sentence that is kept: `2026-11-29 10:15 UTC`; pages tell it in the reader's zone (`own`)."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if seconds else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def shown(at: datetime | None) -> str:
    """A moment on a page, as whoever reads it has it: `2026-11-29 12:15 EET`."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M %Z}" if at is not None else "never"


def moment_of(found: re.Match[str]) -> datetime:
    """The moment that was written; ValueError where there is none like it."""
    return datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}+00:00")


def own(found: re.Match[str]) -> str:
    """The same moment in the zone of now, as exactly as it was written."""
    try:
        local = timezone.localtime(moment_of(found))
    except (ValueError, OverflowError):
        return found[0]
    clock = f"{local:%H:%M:%S}" if found[2].count(":") == 2 else f"{local:%H:%M}"
    return f"{local:%Y-%m-%d} {clock}{found[3] or ''} {local:%Z}"


def told(text: str) -> str:
    """A sentence that is kept, with its moments as whoever reads it has them: where no template draws it."""
    return WRITTEN.sub(own, text)


def names() -> list[str]:
    """The zones there are to choose from, those of the world's places first."""
    return ["UTC", *sorted(name for name in _known() if "/" in name and not name.startswith("Etc/"))]


def of(name: str) -> ZoneInfo | None:
    """The zone of that name; None where there is none, or none is named."""
    return ZoneInfo(name) if name in _known() else None


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


class OwnZone:
    """While a page of the admin is made for somebody, times are told, and read, in their own zone. Doors for machines
    share nothing with the sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(timezone.get_current_timezone()):  # puts back what was before, whatever comes
            return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if brings_session(request) and (zone := of(str(request.session.get(KEY, "")))):
            timezone.activate(zone)


def remember(request: HttpRequest, name: str) -> None:
    """From now on this session has that zone; an empty name: the installation's."""
    request.session[KEY] = name


def _signed_in(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    found = OwnSettings.objects.filter(user=user).values_list("time_zone", flat=True).first()
    remember(request, found or "")


def connect() -> None:
    """Listen to Django's news of sign-ins."""
    user_logged_in.connect(_signed_in, dispatch_uid="smsops.zones")
