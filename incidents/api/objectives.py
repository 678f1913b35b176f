"""RTO, RPO, MTTR and MTBF as measured."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from incidents.objectives import figures, record, words
from incidents.objectives.record import Record
from incidents.objectives.spans import Span
from smsops.api.callers import the_caller
from smsops.api.registry import needs
from smsops.api.shapes import Name, Page, Paged
from smsops.models import Environment, Scope

router = Router()
LONGEST = 3650


class Objective(Schema):
    """One objective. `status`: green, yellow or red; null where nothing is promised or measured."""

    target_seconds: float | None
    mean_seconds: float | None
    p50_seconds: float | None
    p90_seconds: float | None
    n: int
    status: str | None
    owner: str
    note: str


class ObjectivesShape(Schema):
    """The objectives of one environment, over so many days."""

    environment: str
    since: datetime
    until: datetime
    incidents: int
    failures: int
    open: int
    left_out: int
    away_seconds: float
    uptime: float | None
    objectives: dict[str, Objective]


class ObjectiveFilters(Paged):
    """Of which environment, over how many days."""

    environment: Name | None = None
    days: Annotated[int, Field(ge=1, le=LONGEST)] = 90


def _shown(found: Record, window: Span) -> dict[str, Any]:
    data = words.as_data(figures.of(found, window))
    return {"environment": found.environment.name, "since": data["from"], "until": data["to"], **data}


@router.get("objectives", response=Page[ObjectivesShape], summary="Objectives of every environment, as measured",
            **needs(Scope.READ, "incidents.view_incident"))  # fmt: skip
def objectives(request: HttpRequest, asked: Query[ObjectiveFilters]) -> dict[str, Any]:
    caller = the_caller(request)
    places = caller.within(Environment.objects.order_by("-pk"), "pk")
    if asked.environment is not None:
        places = places.filter(pk=caller.environment(asked.environment).pk)
    if asked.after is not None:
        places = places.filter(pk__lt=asked.after)
    chosen = list(places[: asked.limit + 1])
    more, chosen = len(chosen) > asked.limit, chosen[: asked.limit]
    now = timezone.now()
    window = Span(now - timedelta(days=asked.days), now)
    found = record.read(chosen, window.begin, caller.user)
    return {"items": [_shown(each, window) for each in found], "next": chosen[-1].pk if more else None}
