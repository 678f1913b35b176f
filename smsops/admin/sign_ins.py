"""“Your sign-ins”: where and when somebody got in as me, what my second factor is, and how to end it all."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from smsops.admin import proving
from smsops.admin.devices import show_codes
from smsops.admin.site import add_page
from smsops.models import SignIn
from smsops.signin import devices, policy, sessions
from smsops.text import count_text, number_in

SHOWN = 20


@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The person's own sign-ins, and nobody else's."""
    user: User = request.user  # type: ignore[assignment]
    if request.method == "POST":
        return _act(request, user)
    now, key = timezone.now(), request.session.session_key
    rows = SignIn.objects.filter(user=user).select_related("session")[:SHOWN]
    shown = [
        {"row": row, "here": row.session_id == key, "live": row.session is not None and row.session.expire_date > now}
        for row in rows
    ]
    context = {
        **admin.site.each_context(request),
        "title": "Your sign-ins",
        "rows": shown,
        "others": any(each["live"] and not each["here"] for each in shown),
        "factor": devices.authenticator_of(user),
        "codes_left": devices.codes_left(user),
        "offered": policy.on() and not policy.by_oidc(request),
        "required": policy.required(),
    }
    return TemplateResponse(request, "admin/sign_in/sign_ins.html", context)


def _act(request: HttpRequest, user: User) -> HttpResponse:
    act = ACTS.get(request.POST.get("act", ""))
    return act(request, user) if act else redirect("admin:sign_ins")


def _end_others(request: HttpRequest, user: User) -> HttpResponse:
    count = sessions.end_all(user, "Ended by yourself.", keep=request.session.session_key)
    messages.success(request, f"{count_text(count, 'other session')} ended.")
    return redirect("admin:sign_ins")


def _end_one(request: HttpRequest, user: User) -> HttpResponse:
    mine = SignIn.objects.filter(user=user, pk=number_in(request.POST.get("row", "")) or 0)
    if sessions.end(mine.exclude(session_id=request.session.session_key), "Ended by yourself."):
        messages.success(request, "That session is ended.")
    return redirect("admin:sign_ins")


def _new_codes(request: HttpRequest, user: User) -> HttpResponse:
    if not policy.shows_code(user):
        return redirect("admin:sign_ins")
    asked = proving.wanted(request, "Make new backup codes")
    return asked or show_codes(request, devices.make_codes(user), "")


def _remove(request: HttpRequest, user: User) -> HttpResponse:
    if policy.required() or not policy.shows_code(user):
        return redirect("admin:sign_ins")
    if asked := proving.wanted(request, "Take the second factor away"):
        return asked
    devices.remove(user, user, "", keep=request.session.session_key)
    messages.success(request, "Your password alone lets you in now.")
    return redirect("admin:sign_ins")


@never_cache
def still(request: HttpRequest) -> JsonResponse:
    """For a form that was open for long: who is signed in now, and the word that what they send has to bring."""
    return JsonResponse({"user": request.user.get_username(), "csrf": get_token(request)})


ACTS: dict[str, Callable[[HttpRequest, User], HttpResponse]] = {
    "end-others": _end_others, "end": _end_one, "new-codes": _new_codes, "remove": _remove,
}  # fmt: skip
add_page("account/sign-ins/", "sign_ins", page)
add_page("account/signed-in/", "signed_in", still)
