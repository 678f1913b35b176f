"""The manifest of every backup: all that is needed to know it and to restore it, without our database (B3)."""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from backups.errors import BackupDamaged
from backups.vault.keys import Keyring
from backups.vault.sealing import signature

FORMAT = 2


@dataclass(frozen=True)
class Manifest:
    """Facts of one backup. Sizes in bytes, times ISO 8601 in UTC. `root` is the digest over the digests of all blocks;
    `packs` are the packs it is built from, oldest first, by their SHA-256; `source` is the name
    of the file it was adopted from."""

    identifier: str
    environment: str
    engine: str
    database: str
    taken_at: str
    reason: str
    size: int
    stored_size: int
    block: int
    root: str
    packs: list[str]
    schema_revision: str
    release_version: str
    image_id: str
    check: str
    row_counts: dict[str, int] = field(default_factory=dict)
    run: int = 0
    source: str = ""
    format: int = FORMAT

    @property
    def taken(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)


def dumps(manifest: Manifest, keys: Keyring) -> str:
    """The manifest as signed JSON."""
    key = keys.current()
    data = asdict(manifest) | {"key": key.identity}
    return _text(data | {"signature": signature(key, _text(data).encode())})


def loads(text: str, keys: Keyring) -> Manifest:
    """Read a manifest. Raises BackupDamaged when it is not as it was written or of a format that is not known, and
    KeyUnusable when the key it was signed with is not here."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.get("format") != FORMAT:
            raise BackupDamaged(f"The manifest has format {data.get('format')}; this smsops knows format {FORMAT}.")
        signed, identity = str(data.pop("signature")), str(data["key"])
        right = signature(keys.get(identity), _text(data).encode())
        del data["key"]
        manifest = Manifest(**data)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise BackupDamaged("The backup's manifest is damaged.") from error
    if not hmac.compare_digest(right.encode(), signed.encode(errors="replace")):
        raise BackupDamaged("The backup's manifest is not as it was written.")
    return manifest


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
