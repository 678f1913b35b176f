"""Seals what is sealed in the rows with another field key: after a recovery, and when the field key is rotated."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.db import connection, models, transaction

from smsops.errors import OpsError
from smsops.fields import EncryptedTextField, encrypt, seal

PREFIX = "aesgcm1:"


def reseal(earlier: str) -> int:
    """Open with the field key of before what it opens, and seal it with the present one; how many values that were.

    All of them or none: OpsError when a value opens with neither, naming where it is.
    """
    opener, present = _cipher(earlier), 0
    with transaction.atomic():
        for model, field in sealed_fields():
            present += _column(model, field, opener)
        present += _second_factors(opener)
    return present


def _second_factors(opener: AESGCM) -> int:
    """Keys of authenticators, which have no mark. One that no key opens hinders nobody else: it is set up anew. Backup
    codes are digests under the key of before, so they are worth nothing any more and go."""
    from django_otp.plugins.otp_static.models import StaticToken
    from django_otp.plugins.otp_totp.models import TOTPDevice

    count = 0
    for pk, stored in TOTPDevice.objects.values_list("pk", "key"):
        try:
            data = base64.b64decode(stored)
            TOTPDevice.objects.filter(pk=pk).update(key=seal(opener.decrypt(data[:12], data[12:], b"")))
        except (InvalidTag, ValueError):
            continue
        count += 1
    if count:
        StaticToken.objects.all().delete()
    return count


def sealed_fields() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    """Every field that is sealed, of every table."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def _column(model: type[models.Model], field: EncryptedTextField, opener: AESGCM) -> int:
    """The values as the database has them: neither the model nor its managers are asked."""
    quoted = connection.ops.quote_name
    table, key, column = quoted(model._meta.db_table), quoted(str(model._meta.pk.column)), quoted(str(field.column))
    count = 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, {column} FROM {table} WHERE {column} LIKE %s", [f"{PREFIX}%"])  # noqa: S608
        for pk, stored in cursor.fetchall():
            text = _opened(stored, opener)
            if text is None:
                if not _present(stored):
                    raise OpsError(f"Neither field key opens the {field.name} of {model._meta.label} {pk}.")
                continue
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [encrypt(text), pk])  # noqa: S608
            count += 1
    return count


def _opened(stored: str, cipher: AESGCM) -> str | None:
    data = base64.b64decode(stored.removeprefix(PREFIX))
    try:
        return cipher.decrypt(data[:12], data[12:], b"").decode()
    except InvalidTag:
        return None


def _present(stored: str) -> bool:
    from django.conf import settings

    return _opened(stored, _cipher(settings.FIELD_KEY)) is not None


def _cipher(key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(key.encode()).digest())
