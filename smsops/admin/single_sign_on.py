"""To the provider and back (OpenID Connect): to sign in, or to prove again who it is."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from smsops.errors import OpsError
from smsops.models import How
from smsops.redact import redact
from smsops.signin import policy, proof, provider
from smsops.signin.oidc import LEEWAY

log = logging.getLogger(__name__)
PROVING = "smsops_proving"
SECONDS = 600
FAILED = "That did not work. Try again; if it goes on, whoever runs smsops finds the reason in its log."
NO_ROLE = "You are known here now, but nobody has given you a role yet."
ANOTHER = (
    "That was not you, or not just now. Try again; a provider that does not say when somebody signed in proves nothing."
)


@method_decorator(never_cache, name="dispatch")
class Begin(OIDCAuthenticationRequestView):  # type: ignore[misc]
    """Leads to the provider."""

    http_method_names = ["get", "post"]

    OIDC_OP_AUTH_ENDPOINT = property(lambda self: provider.endpoint("authorization_endpoint"))

    def __init__(self, **options: Any) -> None:
        for name, value in options.items():
            setattr(self, name, value)
        self.OIDC_RP_CLIENT_ID = self.get_settings("SMSOPS_OIDC_CLIENT_ID")

    def get(self, request: HttpRequest) -> HttpResponse:
        if not provider.configured():
            return redirect("admin:login")
        request.session.pop(PROVING, None)
        if self._proves(request):
            held = {"word": request.GET["held"], "user": request.user.pk, "at": time.time()}
            request.session[PROVING] = held
        try:
            return super().get(request)  # type: ignore[no-any-return]
        except OpsError as error:
            messages.error(request, str(error))
            return redirect("admin:login")

    def post(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:login")

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Who proves it again may not be let through on the strength of an old session there."""
        return {"max_age": "0", "prompt": "login"} if self._proves(request) else {}

    def _proves(self, request: HttpRequest) -> bool:
        return "held" in request.GET and request.user.is_authenticated and policy.by_oidc(request)


@method_decorator(never_cache, name="dispatch")
class Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Back from the provider."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if not provider.configured():
            return redirect("admin:login")
        if "error" in request.GET:
            request.session.get("oidc_states", {}).pop(request.GET.get("state", ""), None)
            request.session.modified = True
            said = f"{request.GET.get('error')}: {request.GET.get('error_description', '')}"
            log.warning("the single sign-on refused: %s", redact(said)[:300])
            return self.login_failure()
        try:
            return super().get(request)  # type: ignore[no-any-return]
        except SuspiciousOperation as error:  # nobody here began this
            log.warning("the single sign-on came back unasked: %s", redact(str(error)))
            return self.login_failure()

    def post(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:login")

    def login_failure(self) -> HttpResponse:
        messages.error(self.request, FAILED)
        return redirect("admin:login")

    def login_success(self) -> HttpResponse:
        proving = self.request.session.pop(PROVING, None)
        if proving and self.request.user.is_authenticated:
            return self._proved(proving)
        if not self.user.is_staff:
            messages.error(self.request, NO_ROLE)
            return redirect("admin:login")
        self.request.sign_in_how = How.OIDC
        return super().login_success()  # type: ignore[no-any-return]

    def _proved(self, proving: dict[str, Any]) -> HttpResponse:
        told = getattr(self.request, "oidc_claims", {}).get("auth_time")
        signed_in_at = told if isinstance(told, int | float) else 0
        in_time = time.time() - proving["at"] < SECONDS and signed_in_at >= proving["at"] - LEEWAY
        if not in_time or not self.user.pk == self.request.user.pk == proving["user"]:
            messages.error(self.request, ANOTHER)
            return redirect("admin:index")
        proof.proved(self.request, How.OIDC)
        return redirect("admin:proof", word=proving["word"])
