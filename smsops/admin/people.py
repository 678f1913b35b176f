"""How people get in, for whoever helps them: who is locked out, who lost their telephone, who must be put out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from smsops.admin import proving
from smsops.admin.site import add_page
from smsops.models import Authenticator
from smsops.signin import help_desk, lockout, policy

PERMISSION = "smsops.manage_signin"
MOST = 500

# Their own pages show the keys, and would let nobody set up one of ours.
for model in (TOTPDevice, StaticDevice):
    admin.site.unregister(model)


class HelpForm(forms.Form):
    """Asks why."""

    reason = forms.CharField(
        max_length=500, help_text="Goes into the record.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )  # fmt: skip


@dataclass(frozen=True)
class Help:
    """One thing that is done for somebody."""

    label: str
    note: str
    act: Callable[[User, User, str], str]


HELP = {
    "reset-device": Help(
        "Reset the second factor",
        "The authenticator and the backup codes count no more, and every session of this person ends. The password "
        "alone leads to the page that sets up a new one. Make sure that it is really this person who asks.",
        help_desk.reset_device,
    ),
    "unlock": Help("Lift the lockout", "Wrong attempts so far are forgotten.", help_desk.unlock),
    "end-sessions": Help(
        "End all sessions", "This person has to sign in again everywhere.", help_desk.end_sessions
    ),
}  # fmt: skip


@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Everybody who may sign in, and what keeps them out."""
    _refuse_strangers(request)
    locked, factors = lockout.names(), set(Authenticator.objects.filter(confirmed=True).values_list("user", flat=True))
    live = Count("sign_ins", filter=Q(sign_ins__session__expire_date__gt=timezone.now()))
    people = User.objects.filter(is_active=True, is_staff=True).annotate(live=live, last=Max("sign_ins__at"))
    rows = [
        {"user": user, "factor": user.pk in factors, "locked": locked.get(user.get_username())}
        for user in people.order_by("username")[:MOST]
    ]
    context = {
        **admin.site.each_context(request), "title": "How people sign in", "rows": rows, "required": policy.required(),
        "factors": policy.on(),
    }  # fmt: skip
    return TemplateResponse(request, "admin/sign_in/people.html", context)


@never_cache
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """What will happen (GET), and the deed (POST)."""
    _refuse_strangers(request)
    user, deed = get_object_or_404(User, pk=pk), HELP.get(name)
    if deed is None:
        raise Http404
    if user.is_superuser and not request.user.is_superuser:
        raise PermissionDenied
    form = HelpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if asked := proving.wanted(request, deed.label):
            return asked
        said = deed.act(user, request.user, form.cleaned_data["reason"])  # type: ignore[arg-type]
        messages.success(request, said)
        return redirect("admin:people_sign_ins")
    context = {
        **admin.site.each_context(request), "title": deed.label, "subtitle": user.get_username(), "deed": deed,
        "form": form,
    }  # fmt: skip
    return TemplateResponse(request, "admin/sign_in/help.html", context)


def _refuse_strangers(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


add_page("people/sign-ins/", "people_sign_ins", page)
add_page("people/sign-ins/<int:pk>/<slug:name>/", "people_sign_ins_do", act)
