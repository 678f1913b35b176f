"""Buttons on an object's page: a GET shows what will happen, a POST with permission does it.

An action never changes anything on GET. It is drawn only for people who may use it, and says why when it cannot be
used now. Destructive ones ask for a reason and for the environment's name, typed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar, Protocol

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from smsops.admin import addresses, mistakes, proving  # noqa: F401  (makes “<row:…>” known)
from smsops.admin.audited import given_in
from smsops.admin.buttons import Button, Row, row
from smsops.admin.parts import page_parts, plan_lines
from smsops.audit import carried_out
from smsops.audit.discretion import scope_of
from smsops.audit.recording import deed
from smsops.errors import OpsError
from smsops.models import Environment, Risk, Trigger
from smsops.models.audit import Sort
from smsops.redact import redact
from smsops.runs import preludes, requests
from smsops.runs.plan import By, Plan, asked_once

BROKEN = "Only where that cannot be waited for; it breaks the glass, and everybody sees it."


class ActionForm(forms.Form):
    """Asks why. Where it starts a run that disturbs SMS, also why not to wait for what would come before it."""

    prefilled: ClassVar[tuple[str, ...]] = ()
    disturbing: ClassVar[bool] = False
    reason = forms.CharField(
        label="Reason", required=False, max_length=500, help_text="Goes into the record.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.target: models.Model = kwargs.pop("target")
        super().__init__(*args, **kwargs)
        if self.disturbing and (first := preludes.wanted(self.place)):
            self.fields["at_once"] = forms.CharField(
                label="Without that: why", required=False, max_length=500, help_text=f"{' '.join(first)} {BROKEN}",
                widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
            )  # fmt: skip

    @property
    def place(self) -> Any:
        """The environment it is about."""
        return getattr(self.target, "environment", self.target)

    @classmethod
    def asked(cls, query: QueryDict) -> dict[str, Any]:
        """What a link to the form has filled in: only fields in `prefilled`, never a reason or a typed name."""
        many = {name: query.getlist(name) for name in cls.prefilled if name in query}
        return {name: values if len(values) > 1 else values[0] for name, values in many.items()}


class ReasonedForm(ActionForm):
    """Asks why and takes no silence for an answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True


class DestructiveForm(ReasonedForm):
    """Asks why and for the name, so that nobody does it in passing or to the wrong environment."""

    disturbing = True
    typed_name = forms.CharField(
        label="Name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    field_order: Sequence[str] = ("typed_name", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed_name"].help_text = f"Type “{self.wanted}” to go on."
        self.fields["typed_name"].widget.attrs["data-wanted"] = self.wanted

    @property
    def wanted(self) -> str:
        return str(self.place.name)

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"].strip()
        if typed != self.wanted:
            raise forms.ValidationError(f"This is not “{self.wanted}”.")
        return typed


@dataclass(frozen=True)
class Preview:
    """What the confirmation page says: sentences, the steps of the plan where there is one, and parts beside the button
    (each a template's name and its context). `risk` is what it will cost at least, where there is no plan yet."""

    notes: Sequence[str] = ()
    plan: Plan | None = None
    parts: Sequence[dict[str, Any]] = ()
    risk: Risk = Risk.ROUTINE


class Shown(Protocol):
    """A row with a page of its own."""

    def get_absolute_url(self) -> str: ...


class ObjectAction:
    """One button. Subclasses say what it is called, who may use it, what it would do, and do it."""

    name: ClassVar[str]
    label: ClassVar[str]
    permission: ClassVar[str]  # "app_label.codename"
    tone: ClassVar[str] = ""  # "danger" for destructive ones
    place: ClassVar[int] = 0  # among the foremost of its page, from 1; the others are under “More”
    form: ClassVar[type[ActionForm]] = ActionForm
    recorded: ClassVar[bool] = True  # in the object's history, where no row is shown; else what it does is its record

    def destroys(self, cleaned: dict[str, Any]) -> bool:
        """Whether what was asked for destroys something: then a person has to prove first who they are."""
        return issubclass(self.form, DestructiveForm) or bool(str(cleaned.get("at_once") or "").strip())

    def allowed(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)

    def offered(self, target: Any) -> bool:
        """Whether the button is drawn for this object at all, usable or not."""
        return True

    def obstacle(self, target: Any) -> str:
        """Why it cannot be used on this object now, in a sentence; empty when it can."""
        return ""

    def preview(self, target: Any, request: HttpRequest) -> Preview:
        """What would happen. May raise OpsError, which is then the obstacle."""
        return Preview()

    def perform(self, target: Any, by: By, cleaned: dict[str, Any]) -> Shown | str:
        """Do it; return the row to show, as a run, or a sentence. May raise OpsError, which is shown in the form."""
        raise NotImplementedError

    def scope(self, target: Any, cleaned: dict[str, Any]) -> str:
        """What decides who reads of it in the audit trail (smsops/audit/discretion.py)."""
        return scope_of(target)


_ADDED: dict[type[models.Model], list[ObjectAction]] = defaultdict(list)


def add_action(model: type[models.Model], action: ObjectAction) -> None:
    """Give a model's page a button that another room brings."""
    if all(known.name != action.name for known in _ADDED[model]):
        _ADDED[model].append(action)


class ActionsMixin(ModelAdmin):  # type: ignore[type-arg]
    """Gives a ModelAdmin its object actions."""

    object_actions: Sequence[ObjectAction] = ()
    change_form_template = "admin/smsops_change_form.html"

    def actions_of(self) -> list[ObjectAction]:
        return [*self.object_actions, *_ADDED[self.model]]

    def get_urls(self) -> list[URLPattern]:
        info = self.model._meta.app_label, self.model._meta.model_name
        door = path(
            "<row:pk>/do/<slug:name>/",
            self.admin_site.admin_view(self.action_view),
            name="{}_{}_do".format(*info),
        )
        return [door, *super().get_urls()]

    def buttons(self, request: HttpRequest, target: models.Model) -> Row:
        """The buttons this person gets to see for this object."""
        with asked_once():
            return row(self._drawn(request, target))

    def _drawn(self, request: HttpRequest, target: models.Model) -> Iterator[Button]:
        door = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_do"
        for action in self.actions_of():
            if action.allowed(request) and action.offered(target):
                url = reverse(door, args=[target.pk, action.name])
                yield Button(action.label, url, action.tone, action.obstacle(target), action.place)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        target = kwargs.get("obj")
        if target is not None and request.method == "POST":  # as it is stored: what was typed into it is refused
            target = self.get_queryset(request).get(pk=target.pk)
        if target is not None:
            context["buttons"] = self.buttons(request, target)
            context["page_parts"] = cache(partial(page_parts, target, request))  # a page has two places for them
        mistakes.lead_to(mistakes.forms_of(context))
        return super().render_change_form(request, context, *args, **kwargs)

    def action_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """The confirmation page (GET) and the deed (POST)."""
        action = next((action for action in self.actions_of() if action.name == name), None)
        target = self.get_queryset(request).filter(pk=pk).first()
        if action is None or target is None:
            raise Http404
        if not action.allowed(request) or not self.has_view_permission(request, target):
            raise PermissionDenied
        form = action.form(
            request.POST or None, request.FILES or None, target=target, initial=action.form.asked(request.GET)
        )
        obstacle = action.obstacle(target)
        if request.method == "POST" and not obstacle and form.is_valid():
            if action.destroys(form.cleaned_data) and (page := proving.wanted(request, action.label.rstrip("…"))):
                return page
            try:
                return self._perform(request, action, target, form)
            except OpsError as error:
                form.add_error(None, str(error))
        return self._confirm(request, action, target, form, obstacle)

    def _perform(self, request: HttpRequest, action: ObjectAction, target: Any, form: ActionForm) -> HttpResponse:
        done = self.done_to(request, action, target, form)
        if not isinstance(done, str):
            return HttpResponseRedirect(done.get_absolute_url())
        messages.success(request, done)
        return HttpResponseRedirect(target.get_absolute_url())

    def done_to(self, request: HttpRequest, action: ObjectAction, target: Any, form: ActionForm) -> Shown | str:
        """Do it to one row, with its entry in the audit trail. May raise OpsError."""
        user = request.user
        given = form.cleaned_data
        at_once = given.get("at_once", "")
        by = By(Trigger.MANUAL, user, user.get_username(), given["reason"], at_once=at_once)  # type: ignore[arg-type]
        told = deed(
            f"{self.model._meta.model_name}.{action.name}", target, sort=Sort.BUTTON, reason=by.reason,
            given=given_in(form), scope=action.scope(target, given),
        )  # fmt: skip
        with carried_out(told):
            done = action.perform(target, by, given)
        if isinstance(done, str) and action.recorded:
            self._record(request, action, target, by.reason)
        return done

    def _record(self, request: HttpRequest, action: ObjectAction, target: models.Model, reason: str) -> None:
        """What leaves no run behind goes into the object's history."""
        said = f"{action.label.rstrip('…')}: {reason}" if reason else action.label.rstrip("…")
        self.log_change(request, target, redact(said))

    def _confirm(
        self, request: HttpRequest, action: ObjectAction, target: Any, form: ActionForm, obstacle: str
    ) -> HttpResponse:
        preview = Preview()
        mistakes.lead_to([form])
        if not obstacle:
            try:
                preview = action.preview(target, request)
            except OpsError as error:
                mistaken = set(form.errors) - {"__all__"}  # then it is the field that says what is wrong
                obstacle = "" if mistaken else str(error)
        context = {
            **self.admin_site.each_context(request),
            "title": action.label.rstrip("…"),
            "subtitle": _where(target),
            "opts": self.model._meta,
            "original": target,
            "action": action,
            "preview": preview,
            "plan_lines": [] if obstacle else plan_lines(preview.plan),
            "obstacle": obstacle,
            "form": form,
            "waits": requests.why(*_stake(target, preview)),
        }
        status = 409 if obstacle and request.method == "POST" else 200
        return TemplateResponse(request, "admin/confirm_action.html", context, status=status)


def _where(target: Any) -> str:
    """The object, and at which environment, which its own name may leave open."""
    place = getattr(target, "environment", None)
    return str(target) if place is None or str(place) in str(target) else f"{target} · {place}"


def _stake(target: Any, preview: Preview) -> tuple[Environment, Risk]:
    """Where it would happen, and what it costs."""
    plan = preview.plan
    return (getattr(target, "environment", target), preview.risk) if plan is None else (plan.environment, plan.risk)
