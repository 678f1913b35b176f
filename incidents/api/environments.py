"""Environments: how each is now, for monitoring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from incidents import selectors
from incidents.selectors import Status
from smsops.api.callers import the_caller
from smsops.api.registry import needs
from smsops.api.shapes import Name, Page, Paged
from smsops.models import Environment, Scope
from smsops.redact import redact_data

router = Router()
SEE = needs(Scope.READ, "smsops.view_environment")


class EnvironmentShape(Schema):
    """An environment as smsops measured it. `good`: SMS is healthy, nothing is live there, and the RPO is kept."""

    environment: str
    title: str
    base_url: str
    runtime: str
    good: bool
    health: str
    detail: str
    release: str
    last_backup: str | None
    last_backup_at: datetime | None
    last_backup_seconds: int | None
    backup_late: bool
    rpo_seconds: int
    rto_seconds: int
    active_run: int | None
    incidents: list[int]


def shown(status: Status) -> dict[str, Any]:
    """A status as it is told."""
    place = status.environment
    more = {
        "title": place.title,
        "base_url": place.base_url,
        "runtime": place.runtime,
        "last_backup_at": status.backup.taken_at if status.backup else None,
        "backup_late": status.backup_late,
        "rto_seconds": place.rto_minutes * 60,
    }
    return redact_data({**status.as_data(), **more})  # type: ignore[no-any-return]


@router.get("environments", response=Page[EnvironmentShape], summary="Environments, and how each is now", **SEE)
def environments(request: HttpRequest, asked: Query[Paged]) -> dict[str, Any]:
    caller = the_caller(request)
    found = caller.within(Environment.objects.order_by("-pk"), "pk")
    if asked.after is not None:
        found = found.filter(pk__lt=asked.after)
    numbers = list(found.values_list("pk", flat=True)[: asked.limit + 1])
    more = len(numbers) > asked.limit
    numbers = numbers[: asked.limit]
    known = selectors.statuses(caller.user, Environment.objects.filter(pk__in=numbers))
    ordered = sorted(known, key=lambda status: -status.environment.pk)
    return {"items": [shown(status) for status in ordered], "next": numbers[-1] if more else None}


@router.get("environments/{name}", response=EnvironmentShape, summary="One environment, and how it is now", **SEE)
def environment(request: HttpRequest, name: Name) -> dict[str, Any]:
    caller = the_caller(request)
    place = caller.environment(name)
    (found,) = selectors.statuses(caller.user, Environment.objects.filter(pk=place.pk))
    return shown(found)
