"""The form fields of the admin: each takes what its kind can be, is read by the browser as what it is, and says in one
sentence what is wrong with anything else.

Django's own take more: a time in the year 1, a number no span can hold, JSON that no database stores.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NoReturn

from django import forms
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils import timezone

YEARS = (2000, 2100)
MOST = 10_000_000  # of whatever is counted: minutes of 19 years, MB of 10 TB
DEEPEST = 50  # levels of lists within lists
LONGEST_NUMBER = 300  # digits, as many as a number with a fraction may have
UNREADABLE = "This is no JSON: look for a missing quote, comma or bracket."


class MomentInput(forms.DateTimeInput):
    """A day and a time, chosen as the browser has them chosen."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        around = {"min": f"{YEARS[0]}-01-01T00:00", "max": f"{YEARS[1]}-12-31T23:59", "step": "1"}
        super().__init__({**around, **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")


class MomentField(forms.DateTimeField):
    """A moment near enough to be meant, in the zone of whoever types it."""

    widget = MomentInput
    default_error_messages = {
        "invalid": "Give a day and a time, like 2026-03-01 14:05.",
        "far": f"Give a time between the years {YEARS[0]} and {YEARS[1]}.",
    }

    def to_python(self, value: Any) -> datetime | None:
        if "\0" in str(value):  # Python's own reader stops there
            raise forms.ValidationError(self.error_messages["invalid"])
        try:
            found: datetime | None = super().to_python(value)
        except (OverflowError, ValueError):
            raise forms.ValidationError(self.error_messages["invalid"]) from None
        if found is not None and not YEARS[0] < found.year < YEARS[1]:
            raise forms.ValidationError(self.error_messages["far"])
        return found


class _Decoder(json.JSONDecoder):
    """Takes no numbers that are none, and none that is longer than Python reads."""

    def __init__(self, **_: Any) -> None:
        super().__init__(parse_constant=_refused, parse_float=_number, parse_int=_whole)


def _refused(word: str) -> NoReturn:
    raise json.JSONDecodeError(f"{word} is no number", word, 0)


def _number(word: str) -> float:
    return found if math.isfinite(found := float(word)) else _refused(word)


def _whole(word: str) -> int:
    return int(word) if len(word) <= LONGEST_NUMBER else _refused(word)


class StoredJSONField(forms.JSONField):
    """JSON that every database can store. `nothing` makes what is stored of an empty field, and of `null`."""

    nothing: Callable[[], Any] | None = None
    default_error_messages = {"invalid": UNREADABLE, "deep": "Lists within lists, but not so many."}

    def __init__(self, encoder: Any = None, decoder: Any = None, **kwargs: Any) -> None:
        super().__init__(encoder=encoder, decoder=decoder or _Decoder, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "data-kind": "json"}

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and _depth(value) > DEEPEST:
            raise forms.ValidationError(self.error_messages["deep"])
        found = super().to_python(value)
        if not _storable(found):
            raise forms.ValidationError("There are signs in it that are no text.")
        return found

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return self.nothing() if found is None and self.nothing is not None else found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, as it was typed, where it is refused: no page can hold half a sign."""
        if isinstance(data, str) and _depth(data) > DEEPEST:
            return InvalidJSONInput(data)
        found = super().bound_data(data, initial)
        return found if _storable(found) else InvalidJSONInput(data)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True if isinstance(data, str) and _depth(data) > DEEPEST else super().has_changed(initial, data)


def _depth(text: str) -> int:
    """How many brackets are open at once, at most; those within words count too."""
    deepest = depth = 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        deepest = max(deepest, depth)
    return deepest


def _storable(found: Any) -> bool:
    """Whether all texts in it are such that a database takes them."""
    return not any("\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text) for text in _texts(found))


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from (*_texts(key), *_texts(value))
    elif isinstance(found, list):
        for each in found:
            yield from _texts(each)


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows, chosen by numbers of which none is longer than the database holds."""

    default_error_messages = {
        "invalid_choice": "One of these is not there.", "invalid_pk_value": "One of these is not there.",
    }  # fmt: skip

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from None


class Typed:
    """For a ModelAdmin or an inline: its form has the fields above."""

    formfield_overrides: Any = {
        models.DateTimeField: {"form_class": MomentField, "widget": MomentInput},
        models.JSONField: {"form_class": StoredJSONField},
        models.ManyToManyField: {"form_class": RowsField},
    }

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if isinstance(db_field, models.IntegerField) and not db_field.choices:
            kwargs["max_value"] = min([MOST, *_limits(db_field, "max_value")])
            if lowest := _limits(db_field, "min_value"):
                kwargs["min_value"] = max(lowest)  # the browser knows of it then, as of the highest
        found = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(found, StoredJSONField) and not db_field.null:
            found.nothing = db_field.get_default
        if isinstance(found, MomentField):
            found.help_text = f"{found.help_text} In {timezone.get_current_timezone_name()}.".strip()
        return found


def _limits(field: Any, code: str) -> list[int]:
    """The numbers that the field's own validators name."""
    found = [each.limit_value for each in field._validators if getattr(each, "code", "") == code]
    return [each for each in found if isinstance(each, int)]
