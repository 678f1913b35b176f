"""Keys to the API: everybody's own on a page of its own, all of them in a list for who may see them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from smsops.admin import proving
from smsops.admin.actions import ActionForm, ObjectAction, Preview
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import Nothing
from smsops.admin.site import add_page
from smsops.admin.typed import RowsField
from smsops.api import tokens
from smsops.audit.recording import record
from smsops.errors import WrongUse
from smsops.models import ApiToken, Environment, Scope
from smsops.models.audit import Sort
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge
from smsops.text import number_in


class TokenForm(forms.Form):
    """What a token is for, where, and until when."""

    name = forms.CharField(max_length=80, help_text="What uses it, like “CI of the school”.")
    scopes = forms.MultipleChoiceField(
        label="For", choices=Scope, widget=forms.CheckboxSelectMultiple, initial=[Scope.READ],
        help_text="It can never do more than you may yourself.",
    )  # fmt: skip
    environments = RowsField(
        Environment.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, help_text="None: everywhere."
    )
    days = forms.IntegerField(
        label="For so many days", min_value=1, max_value=tokens.MOST_DAYS, initial=tokens.DAYS,
        help_text=f"From 1 to {tokens.MOST_DAYS}; then it opens nothing any more.",
    )  # fmt: skip

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["environments"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        if user.has_perm("smsops.view_environment"):
            field.queryset = Environment.objects.all()


def mine(request: HttpRequest) -> HttpResponse:
    """One's own tokens: made and revoked here by whoever they are of, like one's password."""
    form = TokenForm(request.user, request.POST if "name" in request.POST else None)
    if request.method == "POST" and "revoke" in request.POST:
        return _revoke(request)
    if request.method == "POST" and form.is_valid():
        return proving.wanted(request, "Make the token") or _made(request, form)
    context = {**site.each_context(request), "title": "My API tokens", "form": form, "tokens": _rows(request)}
    return render(request, "admin/smsops/my_tokens.html", context)


def _made(request: HttpRequest, form: TokenForm) -> HttpResponse:
    given = form.cleaned_data
    with transaction.atomic():
        token, text = tokens.create(request.user, given["name"], given["scopes"], given["environments"], given["days"])
        record("apitoken.add", token, sort=Sort.FORM, given={"scopes": token.scopes, "days": given["days"]})
    title = "The new token"
    context = {**site.each_context(request), "title": title, "token": token, "text": text}
    answer = render(request, "admin/smsops/new_token.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _revoke(request: HttpRequest) -> HttpResponse:
    number = number_in(request.POST["revoke"])
    token = ApiToken.objects.filter(owner=request.user, pk=number).first()  # type: ignore[misc]
    if token is None:
        raise PermissionDenied
    with transaction.atomic():
        tokens.revoke(token, request.user.get_username())
        record("apitoken.revoke", token, sort=Sort.BUTTON)
    messages.success(request, f"“{token.name}” opens nothing any more.")
    return HttpResponseRedirect(reverse("admin:smsops_my_tokens"))


def _rows(request: HttpRequest) -> list[tuple[ApiToken, str]]:
    return [(token, state(token)) for token in tokens.of(request.user)]  # type: ignore[arg-type]


def state(token: ApiToken) -> str:
    """Its state, as a badge."""
    if token.revoked_at:
        return badge("unknown", "Revoked")
    if token.stranded:
        return badge("unknown", "Useless")
    return badge("warn", "Expired") if token.expired else badge("pass", "Usable")


class Revoke(ObjectAction):
    """Ends the token of somebody else."""

    name, label, tone = "revoke", "Revoke…", "danger"
    permission, form = "smsops.revoke_apitoken", ActionForm

    def obstacle(self, target: ApiToken) -> str:
        return "It is revoked already." if target.revoked_at else ""

    def preview(self, target: ApiToken, request: HttpRequest) -> Preview:
        return Preview((f"Whatever uses “{target.name}” is refused from now on. A token cannot be brought back.",))

    def perform(self, target: ApiToken, by: By, cleaned: dict[str, Any]) -> str:
        if target.revoked_at:
            raise WrongUse("It is revoked already.")
        tokens.revoke(target, by.called)
        return f"“{target.name}” opens nothing any more."


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    nothing = Nothing("Nobody has a token.", "Make one of your own", "smsops_my_tokens")
    list_display = ("status", "name", "owner", "shown", "purposes", "where", "expires_at", "used")
    list_display_links = ("name",)
    list_filter = ("owner", "environments")
    list_select_related = ("owner",)
    search_fields = ("name", "identifier", "owner__username")
    object_actions = (Revoke(),)
    fields = ("status", "name", "owner", "shown", "purposes", "where", "created_at", "expires_at", "used",
              "revoked_at", "revoked_by")  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        return super().get_queryset(request).select_related("owner").prefetch_related("environments")

    @admin.display(description="State")
    def status(self, token: ApiToken) -> str:
        return state(token)

    @admin.display(description="Token")
    def shown(self, token: ApiToken) -> str:
        return f"{tokens.PREFIX}{token.identifier}_…"

    @admin.display(description="For")
    def purposes(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="Where")
    def where(self, token: ApiToken) -> str:
        return token.where

    @admin.display(description="Last used", ordering="last_used_at")
    def used(self, token: ApiToken) -> str:
        return ago(token.last_used_at) if token.last_used_at else "never"


add_page("my-tokens/", "smsops_my_tokens", mine)
