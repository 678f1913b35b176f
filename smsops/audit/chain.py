"""The chain: every entry's SHA-256 is over all of it and the digest of the entry before.

The number is the primary key and the digest of the one before is unique, so the database itself lets nobody fork the
chain. Whoever adds waits for the others: on PostgreSQL by a lock that ends with the transaction, on SQLite there is one
writer anyway. A transaction that is rolled back takes its entries with it, and the next one gets their numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from smsops.audit import anchors
from smsops.models.audit import AuditEntry

FORMAT = "smsops audit 1"
FIELDS = ("sequence", "previous", "at", "sort", "action", "outcome", "who", "user", "door", "address", "agent", "kind",
          "number", "words", "reason", "changes", "given", "scope", "together")  # fmt: skip
BEGINNING = hashlib.sha256(FORMAT.encode()).hexdigest()  # what the first entry follows
LOCK = 0x736D736F  # any number nobody else locks


def digest_of(row: Mapping[str, Any]) -> str:
    """The SHA-256 of an entry, from its fields: JSON with sorted keys and no blanks, times in UTC with microseconds."""
    fields = {name: row[name] for name in FIELDS} | {"at": moment(row["at"]), "format": FORMAT}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def moment(at: datetime | str) -> str:
    """A time as the digest has it."""
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    return found.astimezone(UTC).isoformat(timespec="microseconds")


def append(rows: Sequence[Mapping[str, Any]]) -> list[AuditEntry]:
    """Add entries at the end, in their order; each row has all fields but those of the chain and the time."""
    with transaction.atomic():
        _wait_for_the_others()
        sequence, last = head()
        entries = []
        for row in rows:
            sequence += 1
            whole = {**row, "sequence": sequence, "previous": last, "at": timezone.now()}
            last = digest_of(whole)
            entries.append(AuditEntry(**whole, digest=last))
        AuditEntry.objects.bulk_create(entries)
        transaction.on_commit(partial(anchors.drop, sequence, last))
    return entries


def head() -> tuple[int, str]:
    """The number and the digest of the last entry."""
    found = AuditEntry.objects.order_by("-sequence").values_list("sequence", "digest").first()
    return found or (0, BEGINNING)


def _wait_for_the_others() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
