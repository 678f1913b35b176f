"""Who is signed in proves again who they are before something destructive, unless they did so a moment ago.

At night a telephone lies unlocked on a table: an open session is not enough to destroy a school's data.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest, QueryDict

from smsops import signals
from smsops.errors import WrongUse
from smsops.models import How
from smsops.signin import devices, lockout, policy
from smsops.signin.sessions import PROVEN

FIELD = "smsops_proof"
HELD = "smsops_held"
LARGEST, MOST = 100_000, 3  # characters that were typed into a form, forms that are held
OIDC_SECONDS = 60  # the way back from the provider takes a moment, whatever the setting says


@dataclass(frozen=True)
class Way:
    """How a person proves it: by a code, the password, or at the single sign-on."""

    kind: How
    label: str = ""
    inputmode: str = "text"
    autocomplete: str = "current-password"


CODE = Way(How.CODE, "Code", "numeric", "one-time-code")
PASSWORD = Way(How.PASSWORD, "Password")
OIDC = Way(How.OIDC)


def fresh(request: HttpRequest) -> bool:
    """Whether they have proved it lately; signing in was a proof too."""
    least = OIDC_SECONDS if way_of(request).kind == How.OIDC else 0
    spent = time.time() - request.session.get(PROVEN, 0)
    return bool(0 <= spent < max(settings.SMSOPS_SUDO_MINUTES * 60, least))


def way_of(request: HttpRequest) -> Way:
    """What this person is asked for."""
    if policy.by_oidc(request):
        return OIDC
    return CODE if policy.shows_code(request.user) else PASSWORD  # type: ignore[arg-type]


def check(request: HttpRequest, shown: str) -> None:
    """Take a code or a password for a proof. Raises OpsError with the sentence that belongs beside the field."""
    user, way = request.user, way_of(request)
    name = user.get_username()
    if way.kind == How.CODE:  # its own waits are enough; a stranger who tries passwords must not hold a restore up
        try:
            devices.verify(user, shown)  # type: ignore[arg-type]
        except devices.WrongCode:
            lockout.failed(request, name)
            raise
    elif way.kind == How.OIDC or not _password(request, name, shown):
        raise WrongUse(lockout.locked(request, name) or "This is not your password.")
    proved(request, way.kind)


def proved(request: HttpRequest, how: How) -> None:
    """It was proved now."""
    request.session[PROVEN] = time.time()
    signals.identity_proven.send(User, user=request.user, how=how)


def hold(request: HttpRequest) -> str:
    """Keep what was typed while the person is at the provider; the word it is found by."""
    word, typed = secrets.token_urlsafe(16), typed_in(request).urlencode()
    held = dict(list(request.session.get(HELD, {}).items())[-(MOST - 1) :])
    if len(typed) <= LARGEST:
        held[word] = {"path": request.get_full_path(), "typed": typed}
    request.session[HELD] = held
    return word


def held(request: HttpRequest, word: str) -> tuple[str, QueryDict] | None:
    """Where it was typed, and what."""
    found = request.session.get(HELD, {}).get(word)
    return (found["path"], QueryDict(found["typed"])) if found else None


def typed_in(request: HttpRequest) -> QueryDict:
    """What was sent, without what is not the form's, and without passwords: those are typed again."""
    typed = request.POST.copy()
    for name in [FIELD, "csrfmiddlewaretoken", *lost(request)]:
        typed.pop(name, None)
    return typed


def lost(request: HttpRequest) -> list[str]:
    """The fields with something in them that has to be typed again."""
    return [name for name, value in request.POST.items() if value and "password" in name.casefold()]


def _password(request: HttpRequest, name: str, shown: str) -> bool:
    found = authenticate(request, username=name, password=shown)
    return found is not None and found.pk == request.user.pk
