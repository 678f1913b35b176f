"""What other rooms keep from some people: rows of a model that are on none of their pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
Limit = Callable[[Any], Q]  # from a person to the condition for what they may see
_LIMITS: dict[type[Model], list[Limit]] = defaultdict(list)


def add_limit(model: type[Model], limit: Limit) -> None:
    """Let another room say which rows of this model a person may not see."""
    if limit not in _LIMITS[model]:
        _LIMITS[model].append(limit)


def within(found: QuerySet[M], user: Any) -> QuerySet[M]:
    """Those of these rows that this person may see."""
    for limit in _LIMITS[found.model]:
        found = found.filter(limit(user))
    return found
