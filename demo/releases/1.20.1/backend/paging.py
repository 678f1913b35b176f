"""Lists are answered in slices of at most a thousand rows."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi_pagination.ext.sqlalchemy import paginate
from fastapi_pagination.limit_offset import LimitOffsetParams
from sqlalchemy import Select
from sqlalchemy.orm import Session

from backend.schemas import Row


def asked(
    skip: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> LimitOffsetParams:
    """The slice of the query string."""
    return LimitOffsetParams(offset=skip, limit=limit)


Window = Annotated[LimitOffsetParams, Depends(asked)]


def rows(
    database: Session, query: Select[Any], schema: type[Row], window: LimitOffsetParams
) -> list[dict[str, Any]]:
    """The rows of the slice, ready for JSON."""
    return page(database, query, schema, window)["items"]


def page(
    database: Session, query: Select[Any], schema: type[Row], window: LimitOffsetParams
) -> dict[str, Any]:
    """The slice with its place in the whole."""
    found = paginate(database, query, window)
    items = [schema.model_validate(row).model_dump(mode="json") for row in found.items]
    return {"items": items, "total": found.total, "skip": window.offset, "limit": window.limit}
