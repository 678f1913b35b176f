"""What PostgreSQL's full text looks at. The indexes of migration 0017_search_index are over the very same expressions:
who changes one side makes the other useless."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.search import SearchVector
from django.db.models.functions import Left

CONFIG = "english"
FIRST = 100_000  # characters of a text: a longer one may have more words than PostgreSQL takes


def of(columns: Iterable[str]) -> SearchVector:
    """The words of these columns."""
    return SearchVector(*(Left(column, FIRST) for column in columns), config=CONFIG)
