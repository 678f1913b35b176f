"""The form that asks which rows go back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from smsops.admin.actions import ReasonedForm
from smsops.text import number_in

WORDS = {
    "removed": "rows that are gone",
    "hidden": "rows that were marked as deleted",
    "changed": "rows that have other values now",
}


LONGEST = 10_000  # keys in a stretch


class PutBackForm(ReasonedForm):
    """Asks which rows of which table."""

    prefilled: ClassVar[tuple[str, ...]] = ("table", "which", "keys", "with_children", "only_look")
    table = forms.ChoiceField()
    which = forms.MultipleChoiceField(
        label="All", required=False, choices=list(WORDS.items()), widget=forms.CheckboxSelectMultiple
    )
    keys = forms.CharField(
        label="Or these, by their keys",
        required=False,
        max_length=2000,
        help_text="Numbers, stretches like 20-25, or text, with commas between.",
    )
    with_children = forms.BooleanField(
        label="And the rows of other tables that hang on them", required=False, initial=True
    )
    only_look = forms.BooleanField(label="Only show what would go back", required=False, initial=True)
    field_order: Sequence[str] = ("table", "which", "keys", "with_children", "only_look", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["table"]
        assert isinstance(field, forms.ChoiceField)
        counts: dict[str, int] = self.target.row_counts  # type: ignore[attr-defined]
        field.choices = [(name, f"{name} ({count:,} then)") for name, count in sorted(counts.items())]

    def clean_keys(self) -> list[list[int | str]]:
        return [[key] for part in self.cleaned_data["keys"].split(",") if part.strip() for key in _keys(part.strip())]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned["which"] and not cleaned["keys"]:
            raise forms.ValidationError("Say which rows: all of a kind, or some by their keys.")
        return cleaned


def _keys(text: str) -> Sequence[int | str]:
    """`17` and `20-25` are numbers; everything else is one key as it stands."""
    first, last = (number_in(part) for part in (text.partition("-")[0], text.partition("-")[2]))
    if first is not None and last is not None:
        if last - first > LONGEST:
            raise forms.ValidationError(f"{text} is too long a stretch.")
        return range(first, last + 1)
    number = number_in(text)
    return [text if number is None else number]
