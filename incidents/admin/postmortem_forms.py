"""The forms of a post-mortem's buttons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from incidents.models import PostMortem
from incidents.postmortems.sections import CHECKLIST, LONGEST, SECTIONS
from smsops.admin.actions import ActionForm, ReasonedForm
from smsops.admin.typed import MOST, MomentField


class SeenInput(forms.HiddenInput):
    """Whoever gets the form back has the present version before them, whatever they had when they sent it."""

    present: object = 0

    def format_value(self, value: Any) -> str:
        return str(self.present)


class WriteForm(ActionForm):
    """All sections, and which version somebody had before them; where it was overtaken, which shall stand."""

    base = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST)
    seen = forms.IntegerField(widget=SeenInput, min_value=0, max_value=MOST)
    mine = forms.BooleanField(
        label="Mine shall stand", required=False,
        help_text="Replaces what others wrote in the same sections meanwhile; it stays among the versions.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        postmortem: PostMortem = self.target  # type: ignore[assignment]
        self.fields["reason"].label = "What you changed"
        for key, (title, hint) in SECTIONS.items():
            area = forms.Textarea(attrs={"rows": 7 if key == "cause" else 4})
            self.fields[key] = forms.CharField(
                label=title, help_text=hint, required=False, max_length=LONGEST, widget=area,
                initial=postmortem.texts.get(key, ""),
            )  # fmt: skip
        self.fields["base"].initial = self.fields["seen"].initial = postmortem.version
        self.fields["seen"].widget.present = postmortem.version
        if not self.overtaken:
            del self.fields["mine"]
        self.order_fields(["base", "seen", "mine", *SECTIONS, "reason"])

    @property
    def overtaken(self) -> bool:
        """Whether somebody else has saved a version since this form was opened."""
        postmortem: PostMortem = self.target  # type: ignore[assignment]
        return self.is_bound and self.data.get("base") != str(postmortem.version)


class ApproveForm(ActionForm):
    """The reviewer's questions, each to be answered with yes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, text in CHECKLIST.items():
            self.fields[f"check_{key}"] = forms.BooleanField(label=text, required=True)
        self.order_fields([f"check_{key}" for key in CHECKLIST])


class DueForm(ReasonedForm):
    """Another date."""

    due_at = MomentField(label="Due")
    field_order = ("due_at", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        due = self.target.due_at  # type: ignore[attr-defined]
        self.fields["due_at"].initial = timezone.localtime(due) if due else None
        self.fields["due_at"].help_text = f"In {timezone.get_current_timezone_name()}."
