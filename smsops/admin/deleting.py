"""Deleting rows, and changing accounts, asks who it is: on the pages of every model, also those of other packages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from smsops.admin import proving

ACCOUNTS = frozenset(  # whoever changes them lets somebody in
    {"password_change", "auth_user_add", "auth_user_change", "auth_user_password_change", "auth_group_add",
     "auth_group_change"}
)  # fmt: skip
View = Callable[..., HttpResponseBase]


def proven(site: AdminSite, view: View) -> View:
    """The view, before which a proof is asked for where it is about to delete something."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = proving.wanted(request, word) if request.method == "POST" and (word := _word(site, request)) else None
        return asked or view(request, *args, **kwargs)

    return inner


def _word(site: AdminSite, request: HttpRequest) -> str:
    """What the button of the proof says; empty where none is asked for."""
    match = request.resolver_match
    if match is not None and match.url_name in ACCOUNTS:
        return "Go on"
    return "Delete" if _deletes(site, request) else ""


def _deletes(site: AdminSite, request: HttpRequest) -> bool:
    """Whether this request would delete something. Who may not is told so by the page itself, and asked for nothing."""
    match = request.resolver_match
    model_admin = _admin_of(site, match.url_name or "") if match else None
    if any(name.endswith("-DELETE") for name in request.POST):
        return True
    if match is None or model_admin is None:
        return False
    if (match.url_name or "").endswith("_delete"):
        target = model_admin.get_object(request, unquote(match.kwargs["object_id"]))
        return target is not None and model_admin.has_delete_permission(request, target)
    several = "delete_selected" in request.POST.getlist("action") and "post" in request.POST
    return several and model_admin.has_delete_permission(request)


def _admin_of(site: AdminSite, name: str) -> ModelAdmin[Any] | None:
    for model, found in site._registry.items():
        if name in (f"{model._meta.app_label}_{model._meta.model_name}_{verb}" for verb in ("delete", "changelist")):
            return found
    return None
