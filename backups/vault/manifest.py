"""The manifest of every backup: all that is needed to know it and to restore it, without our database (B3)."""

from __future__ import annotations

import contextlib
import hmac
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.keys import Keyring
from backups.vault.sealing import signature

FORMAT = 2
_KEY_ID = re.compile(r"[0-9a-f]{16}")


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
    position: str = ""  # where it stands in the write-ahead log of the database, where that is known
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
    KeyUnusable when it names a key that is not here."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.get("format") != FORMAT:
            raise BackupDamaged(f"The manifest has format {data.get('format')}; this smsops knows format {FORMAT}.")
        signed, identity = str(data.pop("signature")), str(data["key"])
        right = _signature(data, identity, signed, keys)
        del data["key"]
        manifest = Manifest(**data)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise BackupDamaged("The backup's manifest is damaged.") from error
    if not hmac.compare_digest(right.encode(), signed.encode(errors="replace")):
        raise BackupDamaged("The backup's manifest is not as it was written.")
    return manifest


def exact(text: str) -> bool:
    """Whether this readable manifest is, to the byte, as it was written; a changed blank is not signed."""
    return _text(json.loads(text)) == text


def _signature(data: dict[str, Any], identity: str, signed: str, keys: Keyring) -> str:
    """What the signature should be. A wrong byte in the key's own id makes a manifest look like one whose key is lost,
    and is told apart from that where it can be."""
    if not _KEY_ID.fullmatch(identity):
        raise BackupDamaged("The backup's manifest is damaged: what it names is not the id of a key.")
    known = keys.identities()
    if identity in known:
        return signature(keys.get(identity), _text(data).encode())
    for other in known:
        with contextlib.suppress(KeyUnusable):
            if signature(keys.get(other), _text(data | {"key": other}).encode()) == signed:
                raise BackupDamaged(f"The backup's manifest is damaged: it was signed with the key {other}.")
    raise KeyUnusable(
        f"The key {identity} is not in {keys.folder}: it is lost, or the manifest names a wrong one.",
        fix="Bring the key back from the escrow file with “ops vault import-keys FILE”, or take an older backup.",
    )


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
