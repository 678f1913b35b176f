"""Searches the archive of SMS's logs for an expression that somebody typed: bounded in time, whatever it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from incidents.expressions import searching
from incidents.services.log_reading import Entry
from smsops.errors import WrongUse

BATCH = 20_000  # lines that are searched at one go
SECONDS = 2.0  # of processor time for them


def having(entries: Iterable[Entry], expression: str) -> Iterator[Entry]:
    """Those whose first 2,000 characters have it. WrongUse where it is no expression, or takes too long."""
    source = iter(entries)
    _searched(expression, [""])
    while batch := list(itertools.islice(source, BATCH)):
        for number in _searched(expression, [entry.text for entry in batch]):
            yield batch[number]


def _searched(expression: str, lines: list[str]) -> list[int]:
    found = searching.find({"it": expression}, lines, SECONDS)["it"]
    if isinstance(found, str):
        raise WrongUse(f"“{expression}” cannot be searched for. {found}")
    return found
