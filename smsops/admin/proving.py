"""The page between a destructive button and its deed: who is it? One field, and what was typed before is not lost."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from smsops.errors import OpsError
from smsops.models import How
from smsops.signin import proof, provider


def wanted(request: HttpRequest, what: str) -> HttpResponse | None:
    """The page that asks for a proof before `what` (a button's words); None when it was given, now or lately."""
    problem = ""
    if proof.FIELD in request.POST:
        try:
            proof.check(request, request.POST[proof.FIELD])
            return None
        except OpsError as error:
            problem = str(error)
    elif proof.fresh(request):
        return None
    way = proof.way_of(request)
    context: dict[str, Any] = {
        "what": what,
        "problem": problem,
        "way": way,
        "field": proof.FIELD,
        "lost": proof.lost(request),
    }
    if way.kind == How.OIDC:
        context["link"] = f"{reverse('admin:oidc_begin')}?held={proof.hold(request)}"
    return _page(request, request.get_full_path(), _typed(proof.typed_in(request)), context)


def go_on(request: HttpRequest, word: str) -> HttpResponse:
    """Back from the provider: what was typed, and the button once more."""
    held = proof.held(request, word)
    if held is None:
        return redirect("admin:index")
    where, typed = held
    return _page(request, where, _typed(typed), {"proven": True})


def _typed(fields: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, values in fields.lists() for value in values]


def _page(request: HttpRequest, where: str, typed: list[tuple[str, str]], more: dict[str, Any]) -> HttpResponse:
    context = {
        **admin.site.each_context(request), "title": "Is it you?", "where": where, "typed": typed,
        "oidc_name": provider.name(), **more,
    }  # fmt: skip
    return TemplateResponse(request, "admin/sign_in/proof.html", context)
