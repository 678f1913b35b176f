"""Tokens: made once, shown once, known by their digests alone."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from smsops.errors import WrongUse
from smsops.models import ApiToken, Environment, Scope

PREFIX = "smsops_"  # found by those who look for leaked keys
DAYS, MOST_DAYS = 90, 366
USED_SECONDS = 60  # how exactly it is known when one was used last
_FORM = re.compile(rf"{PREFIX}([a-z0-9]{{8}})_([\w-]{{43}})")
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_NOBODY = hashlib.sha256(b"nobody").hexdigest()


def create(
    owner: Any,
    name: str,
    scopes: Iterable[str],
    environments: Collection[Environment] = (),
    days: int = DAYS,
) -> tuple[ApiToken, str]:
    """Make a token; return it and its text, which is told this once. WrongUse where something about it is wrong."""
    name, chosen = name.strip(), sorted(set(scopes))
    if not 1 <= len(name) <= 80:
        raise WrongUse("Give the token a name of up to 80 characters: what uses it.")
    if not chosen or set(chosen) - set(Scope.values):
        raise WrongUse(f"Choose what it may be used for: {', '.join(Scope.values)}.")
    if not 1 <= days <= MOST_DAYS:
        raise WrongUse(f"A token lasts from one day to {MOST_DAYS} days.")
    if not owner.is_active:
        raise WrongUse(f"{owner.get_username()} may not sign in.")
    identifier, secret = "".join(secrets.choice(_ALPHABET) for _ in range(8)), secrets.token_urlsafe(32)
    ends = timezone.now() + timedelta(days=days)
    with transaction.atomic():
        token = ApiToken.objects.create(
            owner=owner, name=name, identifier=identifier, digest=_digest(secret), scopes=chosen, expires_at=ends,
            limited=bool(environments),
        )  # fmt: skip
        token.environments.set(environments)
    return token, f"{PREFIX}{identifier}_{secret}"


def find(text: str) -> ApiToken | None:
    """The token of that text, if it still opens anything. The secret is compared in a time that says nothing of it."""
    parts = _FORM.fullmatch(text)
    if parts is None:
        return None
    token = ApiToken.objects.select_related("owner").filter(identifier=parts[1]).first()
    same = hmac.compare_digest(token.digest if token is not None else _NOBODY, _digest(parts[2]))
    may = token is not None and token.usable and token.owner.is_active and token.owner.is_staff
    return token if same and may else None


def used(token: ApiToken) -> None:
    """Note that it was used, at most once a minute: it is asked for with every request."""
    now = timezone.now()
    since = now - timedelta(seconds=USED_SECONDS)
    if token.last_used_at is None or not since < token.last_used_at <= now:
        long_ago = Q(last_used_at=None) | Q(last_used_at__lte=since) | Q(last_used_at__gt=now)
        ApiToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=now)


def revoke(token: ApiToken, by: str) -> None:
    """It opens nothing from now on; again changes nothing."""
    now = timezone.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now, revoked_by=by[:150]):
        token.revoked_at, token.revoked_by = now, by[:150]


def of(user: User) -> list[ApiToken]:
    """Somebody's own, the newest first."""
    return list(ApiToken.objects.filter(owner=user).prefetch_related("environments"))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
