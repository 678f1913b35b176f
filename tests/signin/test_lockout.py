"""Who guesses is locked out, whoever they pretend to be; who is at home is not locked out by strangers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from smsops.models import Authenticator
from smsops.signin import lockout
from tests.admin.browser import Browser, Page
from tests.signin.phone import LOGIN, code, given, password, wrong

pytestmark = pytest.mark.django_db
SAID = "Too many wrong attempts. Try again in 15 minutes."


def tried(name: str, word: str = "wrong", at: str = "192.0.2.7") -> Page:
    return Browser(REMOTE_ADDR=at).post(reverse(LOGIN), username=name, password=word)


def many(name: str, times: int = 5, at: str = "192.0.2.7") -> Page:
    return [tried(name, at=at) for _ in range(times)][-1]


def test_after_five_wrong_passwords_it_is_said_for_how_long(maria: User) -> None:
    assert "The name or the password is not right." in many(maria.username, 4).errors_of("Password")
    page = tried(maria.username)
    assert page.status == 429
    assert SAID in page.errors_of("Password")


def test_then_the_right_password_does_not_help_either(maria: User) -> None:
    many(maria.username)
    assert SAID in tried(maria.username, "secret").errors_of("Password")


def seen(page: Page, name: str) -> tuple[int, str]:
    return page.status, page.text.replace(name, "")


def test_a_name_that_does_not_exist_is_treated_the_same(maria: User) -> None:
    for _ in range(6):
        assert seen(tried(maria.username), maria.username) == seen(tried("nobody"), "nobody")


def test_from_another_address_the_same_person_gets_in(maria: User) -> None:
    many(maria.username)
    assert tried(maria.username, "secret", at="192.0.2.8").status == 302


def test_guesses_from_everywhere_lock_the_name_out_everywhere(maria: User) -> None:
    for number in range(7):
        many(maria.username, 4, at=f"198.51.100.{number}")
    assert tried(maria.username, "secret", at="192.0.2.8").status == 429


def test_but_not_where_that_person_signed_in_lately(maria: User) -> None:
    assert tried(maria.username, "secret", at="192.0.2.8").status == 302
    for number in range(7):
        many(maria.username, 4, at=f"198.51.100.{number}")
    assert tried(maria.username, "secret", at="192.0.2.8").status == 302


def test_it_ends_as_it_was_said_however_often_somebody_tries_meanwhile(maria: User, settings: Settings) -> None:
    many(maria.username, 9)
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME + timedelta(seconds=50))
    assert "Try again in 1 minute." in tried(maria.username).errors_of("Password")
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME)
    assert tried(maria.username, "secret").status == 302


def test_a_right_password_forgets_the_wrong_ones(maria: User) -> None:
    many(maria.username, 4)
    tried(maria.username, "secret")
    assert "The name or the password is not right." in many(maria.username, 4).errors_of("Password")


def test_wrong_codes_count_as_well(maria: User) -> None:
    phone, _ = given(maria)
    browser = Browser()
    password(browser, maria)
    for _ in range(5):
        Authenticator.objects.update(throttling_failure_timestamp=None)
        page = code(browser, wrong(phone.code()))
    assert (page.status, SAID in page.errors_of("Code")) == (429, True)
    assert SAID in password(Browser(), maria).errors_of("Password")


def test_what_was_tried_is_not_kept(maria: User) -> None:
    tried(maria.username, "nearly-the-password")
    given(maria)
    password(browser := Browser(), maria)
    code(browser, "123456")
    kept = str(list(AccessAttempt.objects.values()))
    assert "nearly-the-password" not in kept
    assert "123456" not in kept


def test_the_names_that_are_locked_out_are_known_and_can_be_let_in(maria: User) -> None:
    many(maria.username)
    many("somebody", 4)
    assert set(lockout.names()) == {maria.username}
    assert lockout.lift(maria, "root", "it was me") == 5
    assert lockout.names() == {}
    assert tried(maria.username, "secret").status == 302


BEHIND: list[tuple[dict[str, Any], str, str]] = [
    ({"SMSOPS_BEHIND_PROXY": False}, "203.0.113.9", "10.0.0.1"),
    ({"SMSOPS_BEHIND_PROXY": True}, "203.0.113.9", "203.0.113.9"),
    ({"SMSOPS_BEHIND_PROXY": True}, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
    ({"SMSOPS_BEHIND_PROXY": True, "SMSOPS_PROXIES": 2}, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
    ({"SMSOPS_BEHIND_PROXY": True}, "203.0.113.9:4711", "203.0.113.9"),
    ({"SMSOPS_BEHIND_PROXY": True}, "[2001:db8::1]:4711", "2001:db8::1"),
    ({"SMSOPS_BEHIND_PROXY": True}, "2001:db8::1", "2001:db8::1"),
    ({"SMSOPS_BEHIND_PROXY": True}, "nonsense", "10.0.0.1"),
    ({"SMSOPS_BEHIND_PROXY": True}, "", "10.0.0.1"),
]


@pytest.mark.parametrize(("given", "header", "found"), BEHIND)
def test_an_address_is_believed_only_of_our_own_proxy(
    settings: Settings, maria: User, given: dict[str, Any], header: str, found: str
) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    browser = Browser(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=header)
    password(browser, maria, "wrong")
    assert AccessAttempt.objects.get().ip_address == found


def test_a_made_up_header_does_not_help_to_go_on_guessing(maria: User, settings: Settings) -> None:
    settings.SMSOPS_BEHIND_PROXY = True
    for number in range(5):
        header = f"198.51.100.{number}, 203.0.113.9"
        page = password(Browser(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=header), maria, "wrong")
    assert page.status == 429
