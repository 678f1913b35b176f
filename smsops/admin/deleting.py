"""Deleting a row, or several, asks who it is: on the pages of every model, also those of other packages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from smsops.admin import proving

View = Callable[..., HttpResponseBase]


def proven(site: AdminSite, view: View) -> View:
    """The view, before which a proof is asked for where it is about to delete something."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = proving.wanted(request, "Delete") if request.method == "POST" and _deletes(site, request) else None
        return asked or view(request, *args, **kwargs)

    return inner


def _deletes(site: AdminSite, request: HttpRequest) -> bool:
    """Whether this request would delete something. Who may not is told so by the page itself, and asked for nothing."""
    match = request.resolver_match
    model_admin = _admin_of(site, match.url_name or "") if match else None
    if match is None or model_admin is None:
        return False
    if (match.url_name or "").endswith("_delete"):
        target = model_admin.get_object(request, unquote(match.kwargs["object_id"]))
        return target is not None and model_admin.has_delete_permission(request, target)
    return (
        request.POST.get("action") == "delete_selected"
        and "post" in request.POST
        and (model_admin.has_delete_permission(request))
    )


def _admin_of(site: AdminSite, name: str) -> ModelAdmin[Any] | None:
    for model, found in site._registry.items():
        if name in (f"{model._meta.app_label}_{model._meta.model_name}_{verb}" for verb in ("delete", "changelist")):
            return found
    return None
