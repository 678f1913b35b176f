"""Model fields of ours: names in one word, and text that is encrypted where it is stored and in dumps (`dumpdata`)."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

ONE_WORD = "One word of letters from a to z, digits, - and _, like “our-school”."
_PREFIX, _DUMPED = "aesgcm1:", "aesgcm1-dump:"


def _cipher() -> AESGCM:
    return AESGCM(hashlib.sha256(settings.FIELD_KEY.encode()).digest())


def seal(data: bytes) -> str:
    """Bytes sealed with the installation's field key (AES-256-GCM, random nonce), as Base64."""
    nonce = os.urandom(12)
    return base64.b64encode(nonce + _cipher().encrypt(nonce, data, b"")).decode()


def unseal(sealed: str) -> bytes:
    """The bytes again, or none when the field key is not the one they were sealed with."""
    data = base64.b64decode(sealed)
    try:
        return _cipher().decrypt(data[:12], data[12:], b"")
    except InvalidTag:
        return b""


def encrypt(text: str) -> str:
    """Return `text` sealed with the installation's field key."""
    return _PREFIX + seal(text.encode())


def decrypt(stored: str) -> str:
    """Return the text sealed in `stored`, or an empty string when the field key is not the one it was sealed with."""
    return unseal(stored.removeprefix(_PREFIX)).decode()


if TYPE_CHECKING:
    _Slug = models.SlugField[str, str]
else:
    _Slug = models.SlugField


class NameField(_Slug):
    """A name for commands and addresses, which says what it may be made of. Migrations know it as Django's own."""

    default_error_messages = {"invalid": ONE_WORD}

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"error_messages": {"invalid": ONE_WORD}, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.SlugField", args, kwargs


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that the database only ever holds encrypted; empty stays empty."""

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return decrypt(value) if value and value.startswith(_PREFIX) else value

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def value_to_string(self, obj: models.Model) -> str:
        """The text as a dump of the rows has it: sealed for this field alone, so that it opens in no other one."""
        text = self.value_from_object(obj)
        if not text:
            return text or ""
        nonce = os.urandom(12)
        return _DUMPED + base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), self._place)).decode()

    def to_python(self, value: Any) -> Any:
        """The text of a dump, opened; anything else as it is. ValidationError when it was sealed with another field key
        or for another field."""
        text = super().to_python(value)
        if not isinstance(text, str) or not text.startswith(_DUMPED):
            return text
        try:
            data = base64.b64decode(text.removeprefix(_DUMPED), validate=True)
            return _cipher().decrypt(data[:12], data[12:], self._place).decode()
        except (InvalidTag, ValueError):
            raise ValidationError("It was sealed with another field key, or for another field.") from None

    @property
    def _place(self) -> bytes:
        """Which field this is, as “backups.offsitevault.secret”."""
        return f"{self.model._meta.label_lower}.{self.name}".encode()
