"""What the audit trail keeps of a button's form: choices, numbers, moments and switches; free text never."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model

from smsops.redact import is_secret_name

KEPT = (forms.ChoiceField, forms.ModelChoiceField, forms.BooleanField, forms.IntegerField, forms.DateTimeField,
        forms.DateField, forms.DurationField)  # fmt: skip


def given_in(form: forms.Form) -> dict[str, Any]:
    """The fields of a valid form that are kept, by name; what was left empty is left out."""
    kept = [name for name, field in form.fields.items() if isinstance(field, KEPT) and not is_secret_name(name)]
    found = {name: _plain(form.cleaned_data.get(name)) for name in kept}
    return {name: value for name, value in found.items() if value not in (None, "", []) and value is not False}


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return f"{value._meta.model_name}:{value.pk}"
    return [_plain(each) for each in value] if isinstance(value, list | tuple) or hasattr(value, "iterator") else value
