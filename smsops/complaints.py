"""What is wrong with a row that was described in words or in a file, in a sentence for whoever wrote them.

Django's own sentences stand beside a field of a form; alone they say neither what is meant nor what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models


def first(error: ValidationError, model: type[models.Model], called: Mapping[str, str] | None = None) -> str:
    """The first mistake, led by the field it is in, or by what that is `called` there: `host_port: “many” is no whole
    number.`"""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    field, (mistake, *_) = next(iter(error.error_dict.items()))
    if field == NON_FIELD_ERRORS:
        return str(mistake.messages[0])
    return f"{(called or {}).get(field, field)}: {_plain(mistake, _columns(model).get(field))}"


def _columns(model: type[models.Model]) -> dict[str, object]:
    return {each.name: each for each in model._meta.get_fields()}


def _plain(mistake: ValidationError, column: object) -> str:
    given = (mistake.params or {}).get("value")
    match mistake.code:
        case "blank" | "null":
            return "It may not be empty."
        case "invalid_choice" if isinstance(column, models.Field) and column.choices:
            return f"“{given}” is none of {', '.join(str(value) for value, _ in column.flatchoices if value)}."
        case "invalid" if isinstance(column, models.IntegerField):
            return f"“{given}” is no whole number."
        case "invalid" if isinstance(column, models.BooleanField):
            return f"“{given}” is neither true nor false."
    return str(mistake.messages[0])
