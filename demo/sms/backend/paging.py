"""Lists are answered in slices of at most a thousand rows."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.schemas import Row

Slice = tuple[int, int]


def asked(skip: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Slice:
    """The slice of the query string as (skip, limit)."""
    return skip, limit


Window = Annotated[Slice, Depends(asked)]


def rows(database: Session, query: Select[Any], schema: type[Row], window: Slice) -> list[dict[str, Any]]:
    """The rows of the slice, ready for JSON."""
    found = database.scalars(query.offset(window[0]).limit(window[1]))
    return [schema.model_validate(row).model_dump(mode="json") for row in found]


def page(database: Session, query: Select[Any], schema: type[Row], window: Slice) -> dict[str, Any]:
    """The slice with its place in the whole."""
    skip, limit = window
    total = database.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    return {
        "items": rows(database, query, schema, window),
        "total": total,
        "skip": skip,
        "limit": limit,
        "pages": ceil(total / limit),
        "current_page": skip // limit + 1,
    }
