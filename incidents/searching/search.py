"""Finds incidents by words: PostgreSQL's full text where that is the database, else every word anywhere in a text.

Three questions to the database, whatever is found. Private incidents are found by nobody who may not see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db import connection
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from incidents.models import Incident
from incidents.privacy import seen_by
from incidents.searching import hits, vectors
from incidents.searching.hits import Piece
from incidents.searching.sources import SOURCES, Source
from incidents.searching.vectors import CONFIG
from smsops.errors import WrongUse

LONGEST, MOST_WORDS, MOST_ROWS, MOST = 200, 10, 200, 50
NEWEST = 1_000  # rows of a table that are compared: of a word that most have, every text would be read to rank it


@dataclass
class Found:
    """One incident, how well it fits, and the text it was found by best."""

    incident: Incident
    rank: float
    where: str
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class _Row:
    incident: int
    rank: float
    where: str
    pieces: list[Piece]


def find(asked: str, user: Any) -> list[Found]:
    """The incidents this person may see that fit best, at most 50. WrongUse for more than is sensible to look for."""
    words = _words(asked)
    if not words:
        return []
    look = _full_text if connection.vendor == "postgresql" else _every_word
    best: dict[int, _Row] = {}
    for source in SOURCES:
        if user is not None and not user.has_perm(source.permission):
            continue
        for row in look(source, words, user):
            if row.incident not in best or row.rank > best[row.incident].rank:
                best[row.incident] = row
    chosen = sorted(best.values(), key=lambda row: (-row.rank, -row.incident))[:MOST]
    known = Incident.objects.filter(seen_by(user)).select_related("environment", "postmortem")
    rows = known.in_bulk([row.incident for row in chosen])
    return [Found(rows[row.incident], row.rank, row.where, row.pieces) for row in chosen if row.incident in rows]


def compared() -> int:
    """How many of the newest rows of each table are compared."""
    return NEWEST if connection.vendor == "postgresql" else MOST_ROWS


def _words(asked: str) -> list[str]:
    words = list(dict.fromkeys(asked.replace("\x00", "").split()))
    if len(asked) > LONGEST or len(words) > MOST_WORDS:
        raise WrongUse(f"Look for at most {MOST_WORDS} words, {LONGEST} characters in all.")
    return words


def _every_word(source: Source, words: Sequence[str], user: Any) -> Iterable[_Row]:
    """Without full text: every word in one of the columns, the newest first; more columns with a hit count more."""
    fits = reduce(and_, (_anywhere(source, word) for word in words))
    found = source.rows().filter(seen_by(user, source.path)).filter(fits).order_by("-pk")
    for number, *texts in found.values_list(source.incident, *source.columns)[:MOST_ROWS]:
        text = " · ".join(filter(None, texts))
        share = sum(text.lower().count(word.lower()) for word in words) / (len(text.split()) + 20)
        yield _Row(number, source.weight * (1 + min(share, 1)), source.title, hits.plain(text, words))


def _anywhere(source: Source, word: str) -> Q:
    return reduce(or_, (Q(**{f"{column}__icontains": word}) for column in source.columns))


def _full_text(source: Source, words: Sequence[str], user: Any) -> Iterable[_Row]:
    """PostgreSQL's own: word forms, rank, and the surroundings of the hit."""
    query = SearchQuery(" ".join(words), config=CONFIG, search_type="plain")
    joined: Any = F(source.columns[0])
    if len(source.columns) > 1:
        parts = [each for column in source.columns for each in (F(column), Value(" · "))][:-1]
        joined = Concat(*parts, output_field=TextField())
    shown = SearchHeadline(
        joined, query, config=CONFIG, start_sel=hits.BEGIN, stop_sel=hits.END, max_words=30, min_words=12
    )
    ranked = fitting(source, query, user).order_by("-rank", "-pk")[:MOST_ROWS]
    for number, rank, text in ranked.annotate(shown=shown).values_list(source.incident, "rank", "shown"):
        yield _Row(number, source.weight * (1 + float(rank)), source.title, hits.marked(text))


def fitting(source: Source, query: SearchQuery, user: Any) -> QuerySet[Any]:
    """The newest rows of a table that have the words, found by its index, with how well they fit."""
    vector = vectors.of(source.columns)
    found = source.rows().filter(seen_by(user, source.path)).annotate(vector=vector).filter(vector=query)
    newest = found.order_by("-pk").values("pk")[:NEWEST]
    ranked: QuerySet[Any] = source.rows().filter(pk__in=newest).annotate(rank=SearchRank(vector, query))
    return ranked
