"""The doors of the admin: password, code, set-up of a second factor, single sign-on; and the proof before deleting.

Whoever has shown the password and owes the code is not signed in yet, and so reaches nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate, login
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as show_device
from django_otp.models import Device

from smsops.admin import deleting, proving
from smsops.errors import OpsError
from smsops.models import BackupCodes, How
from smsops.signin import devices, lockout, pending, policy, provider

WRONG = "The name or the password is not right."


class SignInForm(AdminAuthenticationForm):
    """Name and password. Everything that is wrong is said beside the password, and nothing tells which names exist."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["password"].widget.attrs |= {"autocomplete": "current-password"}

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password and self.request is not None:
            user = authenticate(self.request, username=name, password=password)
            if isinstance(user, User) and user.is_staff:
                self.user_cache = user
            else:
                self.add_error("password", ValidationError(lockout.locked(self.request, name) or WRONG))
                self.fields["username"].widget.attrs.pop("autofocus", None)
                self.fields["password"].widget.attrs["autofocus"] = True
        return self.cleaned_data


class CodeInput(forms.TextInput):
    """Empty every time: a code that was wrong, or used, is never right again, and would be typed into."""

    def format_value(self, value: Any) -> None:
        return None


class CodeForm(forms.Form):
    """One code, of the authenticator or a backup code."""

    code = forms.CharField(
        max_length=20,
        widget=CodeInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code"}
        ),
    )


class SignInView(LoginView):
    """The first page: name and password."""

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if policy.shows_code(user):
            door = "admin:login_code"
        elif policy.required():
            door = "admin:login_device"
        else:
            return super().form_valid(form)
        pending.begin(self.request, user, self.get_success_url())
        return redirect(door)


class SignInSite(AdminSite):
    """An admin whose people have a second factor, where it is wanted."""

    login_form = SignInForm
    logout_template = "admin/sign_in/out.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and policy.settled(request)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from smsops.admin import devices as device_pages
        from smsops.admin import single_sign_on

        doors: list[URLPattern | URLResolver] = [
            path("login/code/", self.code, name="login_code"),
            path("login/device/", device_pages.set_up, name="login_device"),
            path("login/device/qr.svg", device_pages.picture, name="login_device_picture"),
            path("login/oidc/", single_sign_on.Begin.as_view(), name="oidc_begin"),
            path("login/oidc/callback/", single_sign_on.Callback.as_view(), name="oidc_callback"),
            path("proof/<str:word>/", self.admin_view(proving.go_on), name="proof"),
        ]
        return [*doors, *super().get_urls()]

    def admin_view(  # type: ignore[override]
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        """Deleting asks for a proof as well, on every page of every model."""
        return super().admin_view(deleting.proven(self, view), cacheable)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        context = {
            **self.each_context(request),
            "title": "Sign in",
            "app_path": request.get_full_path(),
            "oidc_name": provider.name(),
            **(extra_context or {}),
        }
        view = SignInView.as_view(
            template_name="admin/sign_in/password.html", authentication_form=SignInForm, extra_context=context
        )
        return view(request)  # type: ignore[return-value]

    @method_decorator([never_cache, sensitive_post_parameters("code")])
    def code(self, request: HttpRequest) -> HttpResponse:
        """The second page: the code, of whoever has one."""
        held = pending.of(request)
        if held is None or not policy.shows_code(held.user):
            return redirect("admin:login")
        form = CodeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                device = verified(request, held.user, form.cleaned_data["code"])
            except OpsError as error:
                form.add_error("code", str(error))
            else:
                return enter(request, held, device)
        context = {**self.each_context(request), "title": "Your code", "form": form}
        return TemplateResponse(request, "admin/sign_in/code.html", context)


def verified(request: HttpRequest, user: User, code: str) -> Device:
    """The device the code is of. A wrong one counts as a wrong attempt; OpsError says what is wrong."""
    name = user.get_username()
    if problem := lockout.locked(request, name):
        raise OpsError(problem)
    try:
        return devices.verify(user, code)
    except devices.WrongCode:
        lockout.failed(request, name)
        if problem := lockout.locked(request, name):
            raise OpsError(problem) from None
        raise


def enter(request: HttpRequest, held: pending.Pending, device: Device) -> HttpResponse:
    """Sign in who has shown both, and lead them where they wanted to go."""
    pending.end(request)
    request.sign_in_how = How.BACKUP_CODE if isinstance(device, BackupCodes) else How.CODE  # type: ignore[attr-defined]
    login(request, held.user, held.backend)
    show_device(request, device)
    return HttpResponseRedirect(held.next)
