"""Seals what is stored: AES-256-GCM, one segment at a time, so that memory stays bounded whatever the size (B5).

Every pack has a key of its own, derived from the master key and the pack's salt, and numbers its segments: a segment
that was changed, left out, moved or taken from elsewhere cannot be opened, and neither can one behind the end.
"""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backups.errors import BackupDamaged
from backups.vault.keys import Key

SALT_BYTES = 16


class Sealer:
    """Seals or opens the segments of one pack, in order. `bound` is what they belong to: the pack's header."""

    def __init__(self, key: Key, salt: bytes, bound: bytes) -> None:
        derived = HKDF(SHA256(), 32, salt, b"smsops pack").derive(key.secret)
        self.cipher, self.bound, self.number = AESGCM(derived), bound, 0

    def seal(self, segment: bytes, *, last: bool) -> bytes:
        """Encrypt the next segment."""
        return self.cipher.encrypt(*self._next(), segment, self._bound(last=last))

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """Decrypt the next segment; BackupDamaged when it is not the one that was sealed here."""
        try:
            return self.cipher.decrypt(*self._next(), sealed, self._bound(last=last))
        except InvalidTag:
            raise BackupDamaged("a segment in one of its packs cannot be opened.") from None

    def _next(self) -> tuple[bytes]:
        self.number += 1
        return (self.number.to_bytes(12, "big"),)

    def _bound(self, *, last: bool) -> bytes:
        return self.bound + (b"last" if last else b"more")


def signature(key: Key, data: bytes) -> str:
    """What only the holder of the key can write below a manifest."""
    derived = HKDF(SHA256(), 32, b"", b"smsops manifest").derive(key.secret)
    return hmac.digest(derived, data, "sha256").hex()
