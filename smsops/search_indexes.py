"""Indexes for the searches of very long lists, which look for words anywhere in a text; for migrations of all rooms.

PostgreSQL finds such words by an index of threes of letters (pg_trgm, which comes with it). Where the extension may not
be made, and on other databases, the searches read every row, and find the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error, transaction

Operation = Callable[[Any, Any], None]


def of(name: str, table: str, columns: Sequence[str]) -> tuple[Operation, Operation]:
    """What makes the index over these columns of texts, and what takes it back: for `RunPython`."""

    def make(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql" and _able(schema_editor):
            words = ", ".join(f'upper("{column}"::text) gin_trgm_ops' for column in columns)
            schema_editor.execute(f'CREATE INDEX "{name}" ON "{table}" USING gin ({words})')

    def take_back(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'DROP INDEX IF EXISTS "{name}"')

    return make, take_back


def _able(schema_editor: Any) -> bool:
    """Whether the database has the extension now, where it is found without naming its schema."""
    try:
        with transaction.atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute("SELECT 1 FROM pg_opclass WHERE opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(oid)")
            return cursor.fetchone() is not None
    except Error:
        return False
