"""Setting up an authenticator: between password and admin where it is required, else from “Your sign-ins”."""

from __future__ import annotations

import io

import segno
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as show_device

from smsops.admin import proving
from smsops.admin.signing_in import CodeForm, enter
from smsops.errors import OpsError
from smsops.fields import seal, unseal
from smsops.signin import devices, pending, policy

KEY = "smsops_draft"  # in the session, sealed, until a code of it was typed


@never_cache
@sensitive_post_parameters("code")
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the QR code (GET); take the first code, and show the backup codes (POST)."""
    user = _whose(request)
    if user is None:
        return redirect("admin:login")
    if page := _proof_wanted(request, user):
        return page
    draft, form = _draft(request, user), CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _done(request, draft, form.cleaned_data["code"])
        except OpsError as error:
            form.add_error("code", str(error))
    context = {
        **admin.site.each_context(request), "title": "Set up your second factor", "form": form, "draft": draft,
        "required": policy.required(), "subtitle": None,
    }  # fmt: skip
    return TemplateResponse(request, "admin/sign_in/device.html", context)


@never_cache
def picture(request: HttpRequest) -> HttpResponse:
    """The QR code, black on white whatever the page's colours are: cameras want it so."""
    user = _whose(request)
    if user is None or KEY not in request.session:
        return redirect("admin:login")
    drawn = io.BytesIO()
    segno.make(_draft(request, user).address, error="m").save(drawn, kind="svg", scale=5, dark="#000", light="#fff")
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


def show_codes(request: HttpRequest, codes: list[str], go_on: str) -> HttpResponse:
    """The backup codes, this once."""
    context = {**admin.site.each_context(request), "title": "Your backup codes", "codes": codes, "go_on": go_on}
    return TemplateResponse(request, "admin/sign_in/codes.html", context)


def _whose(request: HttpRequest) -> User | None:
    """Who sets up a device: whoever owes one before they get in, or is in already. Who has one shows it first."""
    if policy.on() and admin.site.has_permission(request) and not policy.by_oidc(request):
        return request.user  # type: ignore[return-value]
    held = pending.of(request)
    return None if held is None or not policy.required() or policy.shows_code(held.user) else held.user


def _proof_wanted(request: HttpRequest, user: User) -> HttpResponse | None:
    """Nobody exchanges the authenticator of somebody who left the room for a moment."""
    exchanged = request.user.is_authenticated and request.user.pk == user.pk
    return proving.wanted(request, "Go on") if exchanged and request.method == "POST" else None


def _draft(request: HttpRequest, user: User) -> devices.Draft:
    """The same one on every page until it is confirmed."""
    held = request.session.get(KEY)
    if held and held["user"] == user.pk and (key := unseal(held["key"])):
        return devices.Draft(user, key)
    draft = devices.Draft.new(user)
    request.session[KEY] = {"user": user.pk, "key": seal(draft.key)}
    return draft


def _done(request: HttpRequest, draft: devices.Draft, code: str) -> HttpResponse:
    inside = bool(request.user.is_authenticated)
    device, codes = devices.confirm(draft, code, request.session.session_key if inside else None)
    request.session.pop(KEY, None)
    if inside:
        show_device(request, device)
        return show_codes(request, codes, "")
    held = pending.of(request)
    if held is None:
        return redirect("admin:login")
    enter(request, held, device)
    return show_codes(request, codes, held.next)
