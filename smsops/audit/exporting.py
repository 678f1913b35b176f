"""Entries as files: JSON Lines, which can be verified without a database, and CSV, which spreadsheets read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from smsops.audit import chain
from smsops.models.audit import AuditEntry

SHOWN_MASKED = ("sequence", "previous", "digest", "at", "kind", "number")  # of an entry somebody may not read
COLUMNS = ("sequence", "at", "who", "door", "address", "sort", "action", "outcome", "kind", "number", "words", "reason",
           "changes", "given", "agent", "together", "previous", "digest")  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # a spreadsheet takes for one
BATCH = 500


def json_lines(entries: QuerySet[AuditEntry], hidden: Iterable[str] = ()) -> Iterator[str]:
    """A line for each entry, the oldest first; of those in a hidden scope only the place in the chain and the object's
    number."""
    kept_out = frozenset(hidden)
    for entry in entries.order_by("sequence").iterator(BATCH):
        yield json.dumps(as_data(entry, entry.scope in kept_out), sort_keys=True, ensure_ascii=False) + "\n"


def as_data(entry: AuditEntry, masked: bool = False) -> dict[str, Any]:
    """An entry as JSON; `masked` says that its digest is over more than is shown."""
    names = SHOWN_MASKED if masked else (*chain.FIELDS, "digest")
    found = {name: getattr(entry, name) for name in names} | {"at": chain.moment(entry.at)}
    return found | ({"masked": True} if masked else {})


def csv_lines(entries: QuerySet[AuditEntry], hidden: Iterable[str] = ()) -> Iterator[str]:
    """The same as CSV, the newest first as on the page; no cell is a formula."""
    kept_out = frozenset(hidden)
    yield _line(COLUMNS)
    for entry in entries.order_by("-sequence").iterator(BATCH):
        data = as_data(entry, entry.scope in kept_out)
        yield _line([cell(data.get(name, "")) for name in COLUMNS])


def cell(value: Any) -> str:
    """Text that a spreadsheet takes for text."""
    if isinstance(value, dict):
        value = json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
