"""Action items in the admin: mine, overdue, and what proves them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from incidents import selectors
from incidents.actions import checks, history, words
from incidents.admin.postmortem import due_text
from incidents.admin.postmortem_actions import person
from incidents.admin.reach import NumberOfIncident, OfIncident
from incidents.models import ACTION_TABLE, ActionItem, ActionState, Incident
from incidents.privacy import seen_by
from smsops import html
from smsops.admin.actions import ActionForm, ObjectAction, Preview, ReasonedForm
from smsops.admin.buttons import Row
from smsops.admin.nothing import Nothing
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge


class ItemForm(forms.ModelForm):  # type: ignore[type-arg]
    """Offers the kinds of proof that are known, and refuses half of one."""

    check_key = forms.ChoiceField(label="Closed by", required=False)

    class Meta:
        model = ActionItem
        exclude: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "check_key" in self.fields:
            kinds = [(key, kind.title) for key, kind in checks.known().items()]
            self.fields["check_key"].choices = [("", "a person's word"), *kinds]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind = checks.known().get(cleaned.get("check_key", ""))
        if kind is not None and kind.named and not cleaned.get("check_name", "").strip():
            self.add_error("check_name", f"Say which: {kind.named}.")
        return cleaned


class _Move(ObjectAction):
    """Moves an item along its table."""

    permission = "incidents.complete_actionitem"
    form = ActionForm
    froms: tuple[str, ...] = ()
    to: str
    move: ClassVar[Callable[[ActionItem, User, str], None]]
    said: ClassVar[str]
    notes: ClassVar[tuple[str, ...]]

    def preview(self, target: ActionItem, request: HttpRequest) -> Preview:
        return Preview(self.notes)

    def obstacle(self, target: ActionItem) -> str:
        fits = self.to in ACTION_TABLE[target.state] and (not self.froms or target.state in self.froms)
        return "" if fits else f"It is {target.get_state_display().lower()}."

    def perform(self, target: ActionItem, by: By, cleaned: dict[str, Any]) -> str:
        type(self).move(target, person(by), by.reason)
        return self.said


class Accept(_Move):
    name, label, to = "accept", "Accept", ActionState.TODO
    froms = (ActionState.PROPOSED,)
    move, said = history.accept, "It is to be done."
    notes = ("What was proposed is to be done. It is yours until you give it to somebody else, where nobody has it.",
             "Without a date of its own it is due as the severity of its incident says.")  # fmt: skip


class Finish(_Move):
    name, label, to = "finish", "It is done…", ActionState.DONE
    form = ReasonedForm
    move, said = history.finish, "It is done."
    notes = ("It counts as done, by you; what you write is the evidence, and stays in its history.",)


class Drop(_Move):
    name, label, to = "drop", "Drop…", ActionState.DROPPED
    form = ReasonedForm
    move, said = history.drop, "It is dropped."
    notes = ("It will not be done, and nobody is reminded of it any more. Your reason stays; it can be opened again.",)


class Reopen(_Move):
    name, label, to = "reopen", "Open again…", ActionState.TODO
    form = ReasonedForm
    froms = (ActionState.DONE, ActionState.DROPPED)
    move, said = history.reopen, "It is to be done again."
    notes = ("It was not done after all. That it was opened again is counted, and its history stays.",)


class WhoseFilter(admin.SimpleListFilter):
    """Mine, and what is late."""

    title, parameter_name = "whose", "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("nobody", "Nobody's"), ("overdue", "Overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ActionItem]) -> QuerySet[ActionItem]:
        if self.value() == "mine":
            return queryset.filter(owner=request.user.pk)
        if self.value() == "nobody":
            return queryset.filter(owner=None)
        if self.value() == "overdue":
            return selectors.items_to_do(queryset, until=timezone.now())
        return queryset


@admin.register(ActionItem)
class ActionItemAdmin(OfIncident):
    nothing = Nothing("Nothing is to be done: action items come out of post-mortems.")
    form = ItemForm
    list_display = ("title", "status", "priority", "owner", "due", "kind", "proof", "of_incident")
    list_filter = ("state", WhoseFilter, "kind", "priority", "incident__environment")
    presets = (
        ("To do", "state__exact=todo"),
        ("Mine to do", "whose=mine&state__exact=todo"),
        ("Overdue", "whose=overdue"),
        ("Proposed", "state__exact=proposed"),
    )
    search_fields = ("title", "detail", "incident__title")
    raw_id_fields = ("incident",)
    object_actions = (Accept(), Finish(), Drop(), Reopen())
    in_bulk = ("accept", "finish", "drop")
    readonly_fields = ("status", "proof", "told", "done", "history_lines")
    fieldsets = (
        (None, {"fields": ("incident", "title", "detail", "kind", "priority", "owner", "due_at")}),
        ("What proves it", {"fields": ("check_key", "check_name", "check_days")}),
        ("How it stands", {"fields": ("status", "proof", "done", "told", "history_lines")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: ActionItem | None = None) -> Any:
        return self.fieldsets if obj is not None else self.fieldsets[:2]

    def get_readonly_fields(self, request: HttpRequest, obj: ActionItem | None = None) -> Any:
        return (*self.readonly_fields, "incident") if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: ActionItem | None = None) -> bool:
        return False  # what will not be done is dropped, and says why

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "incident":
            kwargs["queryset"] = Incident.objects.filter(seen_by(request.user))
            kwargs["widget"] = NumberOfIncident(db_field.remote_field, self.admin_site, user=request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ActionItem, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            history.created(obj, request.user)  # type: ignore[arg-type]
        elif form.changed_data:
            names = ", ".join(str(form.fields[name].label or name).lower() for name in form.changed_data)
            history.note(obj, f"Changed: {names}.", request.user.get_username())

    def buttons(self, request: HttpRequest, target: Any) -> Row:
        return super().buttons(request, target).usable()

    @admin.display(description="State", ordering="state")
    def status(self, item: ActionItem) -> str:
        return badge(item.state, item.get_state_display())

    @admin.display(description="Due", ordering="due_at")
    def due(self, item: ActionItem) -> str:
        return due_text(item)

    @admin.display(description="Proof")
    def proof(self, item: ActionItem) -> str:
        return words.proof(item)

    @admin.display(description="Incident", ordering="incident")
    def of_incident(self, item: ActionItem) -> str:
        return str(item.incident)

    @admin.display(description="Done")
    def done(self, item: ActionItem) -> SafeString | str:
        return ago(item.done_at) if item.done_at else "not yet"

    @admin.display(description="What it says")
    def told(self, item: ActionItem) -> SafeString | str:
        return html.of_text(item.detail) if item.detail else "—"

    @admin.display(description="History")
    def history_lines(self, item: ActionItem) -> str:
        lines = [f"{timezone.localtime(each.at):%Y-%m-%d %H:%M} {each.author or 'smsops'}: {each.text}"
                 for each in item.entries.all()]  # fmt: skip
        return "\n".join(lines) or "—"
