"""The manifest beside every backup: all that is needed to know it and to restore it, without our database (B3)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from backups.errors import BackupDamaged

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """Facts of one backup. Sizes in bytes; `sha256` is of the database, `stored_sha256` of the file in the vault; times
    are ISO 8601, UTC."""

    identifier: str
    environment: str
    engine: str
    database: str
    taken_at: str
    reason: str
    file: str
    compression: str
    size: int
    stored_size: int
    sha256: str
    stored_sha256: str
    page_size: int
    page_count: int
    schema_revision: str
    release_version: str
    image_id: str
    check: str
    row_counts: dict[str, int] = field(default_factory=dict)
    run: int = 0
    format: int = FORMAT

    @property
    def taken(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)

    def dumps(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def loads(text: str) -> Manifest:
    """Read a manifest; BackupDamaged when it is not one, or of a format this version does not know."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.get("format") != FORMAT:
            raise BackupDamaged(f"The manifest has format {data.get('format')}; this smsops knows format {FORMAT}.")
        return Manifest(**data)
    except (ValueError, TypeError, AttributeError) as error:
        raise BackupDamaged("The backup's manifest is damaged.") from error
