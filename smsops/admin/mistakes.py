"""Where a form was filled in wrongly, its page opens at the first mistake: on a telephone it may be far below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.forms import BaseForm


def lead_to(forms: Iterable[BaseForm]) -> None:
    """Give the focus to the first field with a mistake; nothing happens where there is none."""
    for form in forms:
        for name, field in form.fields.items():
            if name in form.errors:
                field.widget.attrs["autofocus"] = True
                return


def forms_of(context: dict[str, Any]) -> Iterable[BaseForm]:
    """The forms of a page of the admin, as they stand on it."""
    if (own := context.get("adminform")) is not None:
        yield own.form
    for inline in context.get("inline_admin_formsets", ()):
        yield from inline.formset.forms
