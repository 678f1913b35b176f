"""The sessions of people: written down when they begin, and ended all at once when something of theirs changes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.signals import post_save, pre_save
from django.http import HttpRequest
from django.utils import timezone

from smsops import signals
from smsops.models import How, SignIn
from smsops.redact import redact
from smsops.signin import address

ROW, BEGUN, SEEN, PROVEN = "smsops_sign_in", "smsops_begun", "smsops_seen", "smsops_proven"
KEPT = timedelta(days=365)
CHANGED = "_smsops_password_changed"  # noted on a user while it is saved


def live(user: User) -> QuerySet[SignIn]:
    """The sign-ins of a person that are not over."""
    return SignIn.objects.filter(user=user, session__expire_date__gt=timezone.now())


def end(found: QuerySet[SignIn], why: str) -> int:
    """End these sign-ins; how many there were."""
    rows = dict(found.filter(session__isnull=False).values_list("pk", "session_id"))
    SignIn.objects.filter(pk__in=rows).update(ended_at=timezone.now(), ended_why=why)
    Session.objects.filter(pk__in=rows.values()).delete()
    return len(rows)


def end_all(user: User, why: str, keep: str | None = None) -> int:
    """End every session of a person, but that of the key `keep`; how many there were."""
    found = SignIn.objects.filter(user=user)
    count = end(found.exclude(session_id=keep) if keep else found, why)
    if count:
        signals.sessions_ended.send(SignIn, user=user, count=count, why=why)
    return count


def follow(request: HttpRequest) -> None:
    """The session has another key now: its sign-in goes on under that one."""
    row = request.session.get(ROW)
    if row is not None:
        SignIn.objects.filter(pk=row).update(session_id=request.session.session_key, ended_at=None, ended_why="")


def _begun(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Somebody signed in."""
    session, now = request.session, time.time()
    if session.session_key is None:
        session.create()
    how = getattr(request, "sign_in_how", How.PASSWORD)
    agent = redact(request.META.get("HTTP_USER_AGENT", ""))[:255]
    where = {"address": address.of(request), "agent": agent, "session_id": session.session_key}
    SignIn.objects.filter(user=user, at__lt=timezone.now() - KEPT).delete()
    session.clear_expired()  # nobody else does
    row = SignIn.objects.create(user=user, how=how, **where)
    session.update({ROW: row.pk, BEGUN: now, SEEN: now, PROVEN: _shown(request, how, now)})


def _shown(request: HttpRequest, how: str, now: float) -> float:
    """When the person was asked who they are: now, but where the provider let them through on an old session there."""
    if how != How.OIDC:
        return now
    told = getattr(request, "oidc_claims", {}).get("auth_time")
    return min(now, float(told)) if isinstance(told, int | float) else 0.0


def _left(sender: object, request: HttpRequest, user: User | None, **_: Any) -> None:
    """Somebody signed out, or was signed out after too long."""
    why = getattr(request, "sign_out_why", "Signed out.")
    row = request.session.get(ROW)
    if row is not None:
        SignIn.objects.filter(pk=row, ended_at=None).update(ended_at=timezone.now(), ended_why=why)


def _password_changes(sender: object, instance: User, raw: bool = False, update_fields: Any = None, **_: Any) -> None:
    """Note whether it becomes another one."""
    setattr(instance, CHANGED, False)
    if raw or instance.pk is None or (update_fields is not None and "password" not in update_fields):
        return
    before = get_user_model().objects.filter(pk=instance.pk).values_list("password", flat=True).first()
    setattr(instance, CHANGED, before is not None and before != instance.password)


def _password_changed(sender: object, instance: User, **_: Any) -> None:
    """Whoever has the old password gets no further with it; Django keeps the session that changed it. Only now: two who
    change theirs hold their own rows before either has the audit trail."""
    if getattr(instance, CHANGED, False):
        setattr(instance, CHANGED, False)
        end_all(instance, "The password was changed.")


def connect() -> None:
    """Listen to Django's news of sign-ins."""
    user_logged_in.connect(_begun, dispatch_uid="smsops.signin.begun")
    user_logged_out.connect(_left, dispatch_uid="smsops.signin.left")
    pre_save.connect(_password_changes, sender=get_user_model(), dispatch_uid="smsops.signin.password")
    post_save.connect(_password_changed, sender=get_user_model(), dispatch_uid="smsops.signin.password_changed")
