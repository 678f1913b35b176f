"""Playbooks in the admin: what is changed becomes a new version; incidents keep the one they were met with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest

from incidents.models import Playbook
from incidents.services import playbook_rules, playbooks
from smsops.admin.base import OperationsAdmin
from smsops.admin.typed import StoredJSONField

SAID = ("symptom", "signature", "diagnosis", "responses", "fallback")


class PlaybookForm(forms.ModelForm):  # type: ignore[type-arg]
    """Shows what the newest version says."""

    symptom = forms.CharField(widget=forms.Textarea(attrs={"rows": 2, "cols": 90}))
    signature = StoredJSONField(required=False, initial=list, help_text="What it is recognised by.")
    diagnosis = StoredJSONField(required=False, initial=list, help_text="What is looked at, in this order.")
    responses = StoredJSONField(required=False, initial=list, help_text="What helps, and when.")
    fallback = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2, "cols": 90}))

    class Meta:
        model = Playbook
        fields = ("key", "title", "section", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = self.instance.versions.order_by("-number").first() if self.instance.pk else None
        for name in SAID:
            if last is not None:
                self.fields[name].initial = getattr(last, name)
            if name in ("signature", "diagnosis", "responses"):
                self.fields[name].widget = forms.Textarea(
                    attrs={"rows": 12, "cols": 110, "spellcheck": "false", "data-kind": "json"}
                )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("signature", "diagnosis", "responses"):
            if name in cleaned:
                cleaned[name] = cleaned[name] or []
        for name, said in playbook_rules.mistakes(cleaned).items():
            if name in cleaned:
                self.add_error(name, said)
        return cleaned


@admin.register(Playbook)
class PlaybookAdmin(OperationsAdmin):
    form = PlaybookForm
    list_display = ("title", "section", "key", "version", "enabled")
    list_filter = ("enabled",)
    search_fields = ("title", "key")
    fieldsets = (
        (None, {"fields": ("key", "title", "section", "enabled")}),
        ("What it says", {"fields": SAID}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Playbook]:
        found: QuerySet[Playbook] = super().get_queryset(request).annotate(newest=Max("versions__number"))
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Playbook | None = None) -> Any:
        """Without the right to change there is no form; what it says is on the incidents' pages."""
        if obj is not None and not self.has_change_permission(request, obj):
            return (self.fieldsets[0], ("What it says", {"fields": ("told",)}))
        return self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Playbook | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("key",) if self.has_change_permission(request, obj) else ("key", "told")

    def has_delete_permission(self, request: HttpRequest, obj: Playbook | None = None) -> bool:
        return False  # incidents were met with it; it is switched off instead

    def save_model(self, request: HttpRequest, obj: Playbook, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        playbooks.edit(obj, {name: form.cleaned_data[name] for name in SAID}, request.user.get_username())

    @admin.display(description="Version", ordering="newest")
    def version(self, playbook: Any) -> int:
        return int(playbook.newest or 0)

    @admin.display(description="What it says")
    def told(self, playbook: Playbook) -> str:
        last = playbook.versions.order_by("-number").first()
        return "\n".join(f"{name}: {value}" for name, value in last.said.items()) if last is not None else "nothing yet"
