"""Whether the chain is whole: every entry as it was written, none missing, none put in, and its end where anchors say.

The same for a file of exported entries, without a database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from smsops.audit import chain
from smsops.audit.exporting import SHOWN_MASKED
from smsops.errors import WrongUse
from smsops.models.audit import AuditEntry
from smsops.text import count_text

BATCH = 1000
COLUMNS = (*chain.FIELDS, "digest")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """What became of a verification. `bad` is the first entry that is not right, None where the chain is whole; of
    `masked` entries only the place in the chain could be checked."""

    entries: int
    first: int
    last: int
    head: str
    bad: int | None = None
    problem: str = ""
    masked: int = 0

    @property
    def whole(self) -> bool:
        return self.bad is None

    @property
    def sentence(self) -> str:
        if not self.whole:
            return f"The chain is broken at entry {self.bad}: {self.problem}"
        masked = count_text(self.masked, "entry", "entries")
        links = f" Of {masked} only the place in it was checked: the rest is not shown." if self.masked else ""
        return f"The chain of {count_text(self.entries, 'entry', 'entries')} is whole.{links}"


class Broken(Exception):
    """An entry is not right."""

    def __init__(self, sequence: int, problem: str) -> None:
        super().__init__(problem)
        self.sequence, self.problem = sequence, problem


def database(begin: int = 1, anchors: Mapping[int, str] | None = None) -> Finding:
    """Verify the trail of this installation from entry `begin` on, against what anchors say. WrongUse where there is
    no such entry to begin with."""
    previous = chain.BEGINNING
    if begin > 1:
        found = AuditEntry.objects.filter(sequence=begin - 1).values_list("digest", flat=True).first()
        if found is None:
            raise WrongUse(f"There is no entry {begin - 1} to begin after.")
        previous = found
    wanted = {number: digest for number, digest in (anchors or {}).items() if number >= begin}
    return _follow(_stored(begin), begin, previous, wanted)


def file(path: Path, anchors: Mapping[int, str] | None = None) -> Finding:
    """Verify exported entries. They may begin anywhere, and then each follows the one before: what a filter left out is
    missing."""
    rows = _read(path)
    first = next(rows, None)
    if first is None:
        raise WrongUse(f"There are no entries in {path}.")
    begin = int(first["sequence"])
    previous = chain.BEGINNING if begin == 1 else str(first["previous"])
    return _follow(_put_back(first, rows), begin, previous, dict(anchors or {}))


def _put_back(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _follow(rows: Iterable[Row], begin: int, previous: str, anchors: Mapping[int, str]) -> Finding:
    number, last, masked = begin - 1, previous, 0
    try:
        for row in rows:
            _check(row, number + 1, last)
            number, last = number + 1, str(row["digest"])
            masked += bool(row.get("masked"))
            if anchors.get(number, last) != last:
                raise Broken(number, "it is another one than the anchor of its day says.")
        beyond = [each for each in anchors if each > number]
        if beyond:
            raise Broken(number + 1, f"it is missing, and so is everything up to entry {max(beyond)}, "
                                     "which was there when its anchor was written.")  # fmt: skip
    except Broken as broken:
        return Finding(number - begin + 1, begin, number, last, broken.sequence, broken.problem, masked)
    return Finding(number - begin + 1, begin, number, last, masked=masked)


def _check(row: Row, expected: int, last: str) -> None:
    if row["sequence"] != expected:
        missing = isinstance(row["sequence"], int) and row["sequence"] > expected
        raise Broken(expected, "it is missing." if missing else "another one is in its place.")
    if row.get("masked") and set(row) - {*SHOWN_MASKED, "masked"}:
        raise Broken(expected, "it says more than one that is kept back may.")
    if row["previous"] != last:
        raise Broken(expected, "it does not follow the entry before it.")
    if not row.get("masked") and _digest(row) != row["digest"]:
        raise Broken(expected, "it is not as it was written.")


def _digest(row: Row) -> str:
    try:
        return chain.digest_of(row)
    except (ValueError, TypeError, AttributeError, KeyError):
        return "unreadable"


def _stored(begin: int) -> Iterator[Row]:
    """The rows in their order, a batch at a time; one that cannot even be read is named."""
    number = begin - 1
    while True:
        found = AuditEntry.objects.filter(sequence__gt=number).order_by("sequence").values(*COLUMNS)[:BATCH]
        try:
            rows: list[Row] = list(found)
        except (ValueError, TypeError, AttributeError, DatabaseError):
            rows = list(_one_by_one(number))
        yield from rows
        if len(rows) < BATCH:
            return
        number = rows[-1]["sequence"]


def _one_by_one(number: int) -> Iterator[Row]:
    """The next batch, where one of it cannot be read as what it should be."""
    later = AuditEntry.objects.filter(sequence__gt=number).order_by("sequence")
    for sequence in later.values_list("pk", flat=True)[:BATCH]:
        try:
            yield AuditEntry.objects.values(*COLUMNS).get(pk=sequence)
        except (ValueError, TypeError, AttributeError, DatabaseError):
            yield {"sequence": sequence, **dict(AuditEntry.objects.values("previous", "digest").get(pk=sequence))}


def _read(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if not isinstance(row, dict) or not isinstance(row.get("sequence"), int) or "digest" not in row:
                    raise ValueError
                yield {"previous": "", **row}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}.") from error
    except ValueError:
        raise WrongUse(f"{path} is no export of the audit trail: a line is no entry.") from None


def refuses_changes() -> bool:
    """Whether the database itself still refuses to change and remove entries (migration 0012)."""
    ask = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'smsops_audit_no_%'",
        "postgresql": "SELECT count(*) FROM pg_trigger "
        "WHERE tgname LIKE 'smsops_audit_no_%' AND tgenabled IN ('O', 'A')",
    }
    with connection.cursor() as cursor:
        cursor.execute(ask[connection.vendor])
        return bool(cursor.fetchone()[0] >= 2)
