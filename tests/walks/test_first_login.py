"""The first day of a person: invited with a password, a second factor set up on a telephone, and in again later."""

from __future__ import annotations

from base64 import b32decode
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings

from docs.pictures.browser import PHONE, Browser
from smsops import roles
from smsops.models import Authenticator
from tests.people.test_roles import migrate
from tests.places import wait_for
from tests.signin.phone import Phone, wrong
from tests.walks.person import Hands, sign_out

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "seven blue umbrellas"
NOT_RIGHT = "This code is not right. Wait for the next one and type that."


@pytest.fixture
def invited(window: Browser, root: str) -> User:
    """Somebody on call, whom an administrator has just given an account, a role and a password."""
    migrate()
    person = Hands(window)
    window.open(root + reverse("admin:auth_user_add"))
    person.fill(username="maria", password=PASSWORD, password_confirmation=PASSWORD)
    person.tick(roles.RESPONDER)
    person.press("Save")
    window.anew()
    return User.objects.get(username="maria")


def sign_in(person: Hands, live_server: Any, password: str) -> None:
    """Name and password, from any address of the admin."""
    person.window.open(live_server.url + reverse("admin:index"))
    person.fill(username="maria", password=password)
    person.press("Sign in")


def show_code(person: Hands, code: str, button: str) -> None:
    """The field has the focus already: six digits, and a thumb on the button."""
    person.type(code)
    person.press(button)


def test_a_new_person_sets_up_a_telephone_and_signs_in_with_it_the_next_time(
    window: Browser, live_server: Any, invited: User, settings: Settings
) -> None:
    settings.SMSOPS_TOTP = "required"
    person = Hands(window)
    window.look(PHONE, dark=True)
    sign_in(person, live_server, "seven blue umbrella")
    assert person.said("Password") == "The name or the password is not right."
    sign_in(person, live_server, PASSWORD)
    phone = Phone(b32decode(window.page.locator("code.key").inner_text().replace(" ", "")))
    show_code(person, wrong(phone.code()), "Go on")
    assert person.said("Code") == NOT_RIGHT
    show_code(person, phone.code(), "Go on")
    codes = window.page.locator("ol.codes code").all_inner_texts()
    assert len(codes) == 10
    person.press("I have kept them")
    assert window.page.url == live_server.url + reverse("admin:index")

    sign_out(window)
    assert window.page.get_by_role("heading", name="You are signed out").is_visible()
    person.press("Sign in again")
    sign_in(person, live_server, PASSWORD)
    show_code(person, wrong(phone.code(1)), "Sign in")
    assert person.said("Code") == NOT_RIGHT
    wait_for(lambda: Authenticator.objects.get(user=invited).verify_is_allowed()[0], "the wait after a wrong code")
    show_code(person, phone.code(1), "Sign in")
    assert window.page.url == live_server.url + reverse("admin:index")

    window.anew()  # the telephone is lost; this is another one
    sign_in(person, live_server, PASSWORD)
    show_code(person, codes[3], "Sign in")
    assert window.page.url == live_server.url + reverse("admin:index")
    assert window.said == []
