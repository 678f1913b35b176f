"""Signing in with a real browser: the first time, a wrong code, and at night on a telephone."""

from __future__ import annotations

from base64 import b32decode
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse

from docs.pictures.browser import DESK, PHONE, Browser
from smsops.models import Authenticator, Run, SignIn
from tests.admin.doors import DOORS, REASON
from tests.admin.scenes import a_school
from tests.factories import make_admin
from tests.signin.phone import Phone, given, wrong

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
THUMB = 44  # pixels; what a thumb hits
RESTORE = DOORS["restore the latest"]
TEXT = "document.querySelector('#content').innerText"


@pytest.fixture
def root(window: Browser, live_server: Any) -> str:
    window.look(PHONE)
    window.said.clear()
    return str(live_server.url)


def at(window: Browser) -> str:
    return str(window.run("location.pathname"))


def fits(window: Browser) -> bool:
    return bool(window.run("document.documentElement.scrollWidth <= innerWidth"))


def by_password(window: Browser, root: str, user: User) -> None:
    window.open(root + reverse("admin:login"))
    window.submit("#login-form", username=user.username, password="secret")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_first_sign_in_sets_up_a_telephone(
    window: Browser, root: str, required: None, size: tuple[int, int]
) -> None:
    user = make_admin()
    window.look(size)
    by_password(window, root, user)
    assert at(window) == reverse("admin:login_device")
    assert window.run("document.querySelector('img.qr').naturalWidth") > 100
    key = window.run("document.querySelector('code.key').innerText")
    phone = Phone(b32decode(key.replace(" ", "")))
    assert fits(window)
    window.submit("#device-form", code=wrong(phone.code()))
    assert "This code is not right" in window.run(TEXT)
    window.submit("#device-form", code=phone.code())
    assert window.run("document.querySelectorAll('.codes li').length") == 10
    assert fits(window)
    assert SignIn.objects.get().user == user
    assert window.said == []


def test_a_wrong_code_is_said_beside_its_field_and_the_next_one_is_right(window: Browser, root: str) -> None:
    user = make_admin()
    phone, _ = given(user)
    by_password(window, root, user)
    window.page.locator("[name=code]:focus").wait_for()
    window.submit("#code-form", code=wrong(phone.code()))
    assert "This code is not right" in window.run("document.querySelector('.field.errors').innerText")
    Authenticator.objects.update(throttling_failure_timestamp=None)
    window.submit("#code-form", code=phone.code())
    assert at(window) == reverse("admin:index")
    assert window.said == []


def asked_again(window: Browser, root: str, user: User) -> None:
    """A restore, filled in on a telephone by somebody whose last proof was a while ago."""
    session = SignIn.objects.get(user=user).session
    assert session is not None
    data = session.get_decoded()
    store = SessionStore(session.session_key)
    store.update(data | {"smsops_proven": data["smsops_proven"] - 601})
    store.save()
    school = a_school()
    window.open(root + RESTORE.address(school))
    window.submit(".confirm form", **RESTORE.form(school))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_at_night_a_proof_is_one_field_for_a_thumb_and_nothing_is_lost(window: Browser, root: str, dark: bool) -> None:
    user = make_admin()
    phone, _ = given(user)
    by_password(window, root, user)
    window.submit("#code-form", code=phone.code())
    window.look(PHONE, dark=dark)
    asked_again(window, root, user)
    field = window.page.locator("[name=smsops_proof]:focus")
    assert field.get_attribute("inputmode") == "numeric"
    assert (
        min(
            field.evaluate("each => each.offsetHeight"),
            window.run("document.querySelector('#proof-form button').offsetHeight"),
        )
        >= THUMB
    )
    assert fits(window)
    window.submit("#proof-form", smsops_proof=phone.code(1))
    run = Run.objects.get(kind="restore")
    assert (at(window), run.reason) == (run.get_absolute_url(), REASON)
    assert window.said == []


def test_the_page_of_sign_ins_fits_a_telephone_and_ends_the_others(window: Browser, root: str) -> None:
    user = make_admin()
    by_password(window, root, user)
    window.open(root + reverse("admin:sign_ins"))
    assert "This one" in window.run(TEXT)
    assert fits(window)
    window.open(root + reverse("admin:people_sign_ins"))
    assert fits(window)
    assert window.said == []
