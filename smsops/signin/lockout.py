"""Who guesses passwords or codes is locked out for a while: by the name from one address, and more patiently by the
name alone. Unknown names are treated as known ones, so nobody learns which exist."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from smsops import signals
from smsops.models import Authenticator, BackupCodes, SignIn
from smsops.text import count_text

ANYWHERE = 5  # times as many wrong attempts are borne when they come from several addresses
KNOWN = timedelta(days=30)


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts in the database, so that every web process knows."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Wrong attempts, those from elsewhere a fifth of their number: they do not hold up the person at an address
        where that person signed in lately, or anybody could lock an ops lead out."""
        name = get_client_username(request, credentials)
        if not name:
            return 0
        here, anywhere = (
            found.aggregate(sum=Sum("failures_since_start"))["sum"] or 0
            for found in self.get_user_attempts(request, credentials)
        )
        if here >= settings.AXES_FAILURE_LIMIT or anywhere < ANYWHERE * settings.AXES_FAILURE_LIMIT:
            return int(here)
        return int(here if _at_home(name, request) else anywhere // ANYWHERE)

    def user_login_failed(
        self, sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **more: Any
    ) -> None:
        if request is not None and get_client_username(request, credentials):
            super().user_login_failed(sender, credentials, request, **more)
            # What stood in the form beside it, a reason or a typed name, is nobody's business here.
            name = get_client_username(request, credentials)
            AccessAttempt.objects.filter(username=name).update(get_data="", post_data="")


def answer(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """What axes sends to whoever is locked out: our own page, which says so already."""
    response.status_code = 429
    return response


def failed(request: HttpRequest, name: str) -> None:
    """A wrong code is a wrong attempt as well."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def locked(request: HttpRequest, name: str) -> str:
    """Until when nobody gets in by this name from here, in a sentence; empty when somebody may try."""
    if AxesProxyHandler.is_allowed(request, {"username": name}):
        return ""
    return said(_until(request, name))


def said(until: datetime) -> str:
    minutes = max(1, math.ceil((until - timezone.now()).total_seconds() / 60))
    return f"Too many wrong attempts. Try again in {count_text(minutes, 'minute')}."


def names() -> dict[str, datetime]:
    """The names that are locked out somewhere, and until when."""
    recent = AccessAttempt.objects.filter(attempt_time__gte=timezone.now() - settings.AXES_COOLOFF_TIME)
    last, total = {}, Counter[str]()
    pairs = recent.values("username", "ip_address").annotate(sum=Sum("failures_since_start"), last=Max("attempt_time"))
    for each in pairs.order_by("last"):
        name, most = each["username"], settings.AXES_FAILURE_LIMIT
        total[name] += each["sum"]
        if each["sum"] >= most or total[name] >= ANYWHERE * most:
            last[name] = each["last"] + settings.AXES_COOLOFF_TIME
    return last


def lift(user: User, author: User | str, reason: str) -> int:
    """Let this person try again at once, everywhere; how many wrong attempts are forgotten."""
    name = user.get_username()
    found = AccessAttempt.objects.filter(username=name)
    count = int(found.aggregate(sum=Sum("failures_since_start"))["sum"] or 0)
    found.delete()
    for kind in (Authenticator, BackupCodes):
        kind.objects.filter(user=user).update(throttling_failure_count=0, throttling_failure_timestamp=None)
    signals.lockout_lifted.send(Handler, name=name, author=author, reason=reason)
    return count


def _until(request: HttpRequest, name: str) -> datetime:
    found = AccessAttempt.objects.filter(username=name)
    here = found.filter(ip_address=request.axes_ip_address)  # type: ignore[attr-defined]
    told = here.aggregate(sum=Sum("failures_since_start"), last=Max("attempt_time"))
    if (told["sum"] or 0) < settings.AXES_FAILURE_LIMIT:
        told = found.aggregate(last=Max("attempt_time"))
    until: datetime = (told["last"] or timezone.now()) + settings.AXES_COOLOFF_TIME
    return until


def _at_home(name: str, request: HttpRequest) -> bool:
    where = getattr(request, "axes_ip_address", None)
    lately = timezone.now() - KNOWN
    return where is not None and SignIn.objects.filter(user__username=name, address=where, at__gt=lately).exists()
