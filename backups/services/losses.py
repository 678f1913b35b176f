"""What going back to a backup would lose, by the rows that have come since."""

from __future__ import annotations

from collections.abc import Mapping

from backups.models import Backup
from smsops.text import count_text

NO_DATA = frozenset({"alembic_version"})


def rows_since(backup: Backup, live: Mapping[str, int]) -> list[str]:
    """The tables that have more rows now than the backup, a sentence each. Rows that were only changed do not show."""
    since = {table: count - backup.row_counts.get(table, 0) for table, count in live.items() if table not in NO_DATA}
    return [
        f"{table}: {count_text(count, 'more row')} now than then" for table, count in sorted(since.items()) if count > 0
    ]
