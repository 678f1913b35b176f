"""Who may send alerts: tokens, made once and known by their digests alone."""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import Any

from django.db import Error
from django.utils import timezone

from incidents.models import AlertSource, token_digest
from smsops.models import Environment

REMEMBERED_SECONDS = 5.0  # how long a source that was just asked for is not asked for again
_KNOWN: dict[str, tuple[float, AlertSource | None]] = {}
_NOTED: dict[int, float] = {}  # when a refusal was last written down, by source


def create(environment: Environment, name: str, kind: str, **fields: Any) -> tuple[AlertSource, str]:
    """Make a source; return it and its token, which is told this once."""
    source = AlertSource(environment=environment, name=name, kind=kind, **fields)
    token = give_token(source)
    source.full_clean()
    source.save()
    return source, token


def give_token(source: AlertSource) -> str:
    """Give a source that is about to be stored its token, and return it."""
    token = secrets.token_urlsafe(32)
    source.token_sha256 = token_digest(token)
    return token


def renew(source: AlertSource) -> str:
    """Give it another token; the old one is worth nothing from now on (other processes learn it within seconds)."""
    token = give_token(source)
    AlertSource.objects.filter(pk=source.pk).update(token_sha256=source.token_sha256)
    _KNOWN.clear()
    return token


def find(kind: str, token: str) -> AlertSource | None:
    """The source with that token, if it is of that kind and may send. Looking it up by a digest takes the same time
    whatever part of a wrong token is right."""
    digest, now = token_digest(token), time.monotonic()
    until, source = _KNOWN.get(digest, (0.0, None))
    if now >= until:
        if len(_KNOWN) > 1000:  # somebody guesses
            _KNOWN.clear()
        source = AlertSource.objects.filter(token_sha256=digest, enabled=True).first()
        _KNOWN[digest] = (now + REMEMBERED_SECONDS, source)
    return source if source is not None and source.kind == kind else None


def refused(source: AlertSource, why: str) -> None:
    """Note that something it sent was not taken, so that people see it; not more often than every few seconds, and not
    at all while the database is away."""
    now = time.monotonic()
    if now < _NOTED.get(source.pk, 0.0):
        return
    _NOTED[source.pk] = now + REMEMBERED_SECONDS
    with contextlib.suppress(Error):
        AlertSource.objects.filter(pk=source.pk).update(refused_at=timezone.now(), refused_why=why[:200])
