"""What several operations take and give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import ConfigDict, Field

from smsops.redact import redact_data

MOST, USUAL = 100, 50
LARGEST = 2**63 - 1
M = TypeVar("M", bound=Model)
Item = TypeVar("Item")
Name = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,40}$", description="Name of an environment.")]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
Reason = Annotated[str, Field(max_length=500, description="Why; it goes into the record.")]


class Taken(Schema):
    """A body: what nobody knows is refused, so that no misspelt word is passed over."""

    model_config = ConfigDict(extra="forbid")


class Why(Taken):
    """Nothing but the reason."""

    reason: Reason = ""


class Paged(Schema):
    """How much of a list, and from where."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = USUAL
    after: Annotated[Number | None, Field(description="The `next` of the page before.")] = None


class Page(Schema, Generic[Item]):
    """A part of a list, the newest first. `next` is where it goes on; null at the end."""

    items: list[Item]
    next: int | None


def page(found: QuerySet[M], asked: Paged, show: Callable[[M], dict[str, Any]]) -> dict[str, Any]:
    """A page of these rows, redacted, by their numbers downwards: what is added meanwhile moves nothing."""
    found = found.order_by("-pk")
    if asked.after is not None:
        found = found.filter(pk__lt=asked.after)
    rows = list(found[: asked.limit + 1])
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return {"items": [redact_data(show(row)) for row in rows], "next": rows[-1].pk if more else None}
