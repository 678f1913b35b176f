"""What the tests of the audit trail share: entries, and ways to tamper with them that no program of ours has."""

from __future__ import annotations

from typing import Any

from django.db import connection

from smsops.audit import record
from smsops.models import AuditEntry

TABLE = AuditEntry._meta.db_table


def a_trail(length: int = 5) -> list[AuditEntry]:
    """So many entries, one after the other."""
    return [
        record("environment.check", reason=f"reason {number}", about=("environment", "1")) for number in range(length)
    ]


def sql(statement: str, *values: Any) -> None:
    """What somebody with the database's password can do."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def newest(action: str) -> AuditEntry:
    """The last entry about this."""
    return AuditEntry.objects.filter(action=action)[:1].get()


def whole_text() -> str:
    """Everything the trail holds, as text."""
    return "\n".join(repr(row) for row in AuditEntry.objects.values())
