"""Values as the audit trail keeps them: plain, short, and without a secret."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.db.models import Field, ForeignKey, Model

from smsops.fields import EncryptedTextField
from smsops.redact import is_secret_name, redact, redact_data

SEALED = "(secret)"  # shown on both sides: it was changed, and that is all
LONGEST = 500  # characters of one value


def is_sealed(field: Field[Any, Any]) -> bool:
    """Whether nothing of this field's values may be told: by how it is stored, or by its name."""
    return isinstance(field, EncryptedTextField) or is_secret_name(field.name)


def of_field(field: Field[Any, Any], row: Model) -> Any:
    """What the trail says of a field."""
    value = field.value_from_object(row)
    if value in (None, "", [], {}):
        return None
    if is_sealed(field):
        return SEALED
    if isinstance(field, ForeignKey):
        return f"{field.related_model._meta.model_name}:{value}"
    return plain(value)


def plain(value: Any) -> Any:
    """Text, numbers, truth values and lists of them; everything else as text, redacted and shortened."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return short(json.dumps(redact_data(value), sort_keys=True, default=str, ensure_ascii=False))
    return short(redact(str(value)))


def short(text: str, longest: int = LONGEST) -> str:
    """The beginning of a long text, and how long it was."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def cut(text: str, longest: int) -> str:
    """Redacted, and no longer than its column."""
    return redact(text)[:longest]
