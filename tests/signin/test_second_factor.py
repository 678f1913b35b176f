"""The second factor, from its set-up to its loss: nothing is reached before it was shown."""

from __future__ import annotations

import re
from base64 import b32encode, b64encode
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import connection
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from smsops.models import Authenticator, SignIn
from smsops.signin import devices
from tests.admin.browser import Browser, everything
from tests.factories import make_user
from tests.signin.phone import CODE, DEVICE, LOGIN, Phone, code, early, given, password, signed_in, wrong

INSIDE = ["admin:index", "admin:sign_ins", "admin:smsops_environment_changelist", "admin:password_change"]


def test_where_it_is_required_a_password_leads_to_the_set_up(maria: User, required: None) -> None:
    browser = Browser()
    assert password(browser, maria).address == reverse(DEVICE)
    assert not SignIn.objects.exists()


@pytest.mark.parametrize("name", INSIDE)
def test_before_the_set_up_nothing_else_is_reached(maria: User, required: None, name: str) -> None:
    browser = Browser()
    password(browser, maria)
    assert browser.get(reverse(name)).address.startswith(reverse(LOGIN))


def test_the_first_code_lets_in_and_shows_ten_backup_codes(maria: User, required: None) -> None:
    browser = Browser()
    password(browser, maria, next="/smsops/run/")
    page = browser.post(reverse(DEVICE), code=Phone.reading(browser.get(reverse(DEVICE))).code())
    assert page.status == 200
    assert len(page.one("ol", "codes").text.split()) == 20
    assert "/smsops/run/" in page.links
    assert signed_in(browser)


def test_the_key_stays_the_same_until_it_is_confirmed_and_nothing_is_kept_before(maria: User, required: None) -> None:
    browser = Browser()
    password(browser, maria)
    first = Phone.reading(browser.get(reverse(DEVICE)))
    page = browser.post(reverse(DEVICE), code=wrong(first.code()))
    assert "This code is not right" in page.errors_of("Code")
    assert Phone.reading(page) == first
    assert not TOTPDevice.objects.exists()


def test_the_picture_is_an_svg_of_our_own_with_the_same_key(maria: User, required: None) -> None:
    browser = Browser()
    password(browser, maria)
    page = browser.get(reverse(DEVICE))
    source = page.one("img", "qr").attributes["src"]
    response = browser.client.get(source)
    assert response["Content-Type"] == "image/svg+xml"
    assert "no-store" in response["Cache-Control"]
    assert ElementTree.fromstring(response.content).tag.endswith("svg")
    assert "style" not in response.content.decode()


def test_with_a_telephone_the_password_leads_to_the_code_and_nowhere_else(maria: User) -> None:
    phone, _ = given(maria)
    browser = Browser()
    assert password(browser, maria).address == reverse(CODE)
    assert not signed_in(browser)
    assert code(browser, phone.code()).address == reverse("admin:index")
    assert signed_in(browser)
    assert SignIn.objects.get().get_how_display() == "Password and code"


def test_who_owes_a_code_cannot_set_up_another_telephone_instead(maria: User, required: None) -> None:
    given(maria)
    browser = Browser()
    password(browser, maria)
    assert browser.get(reverse(DEVICE)).address == reverse(LOGIN)
    assert browser.post(reverse(DEVICE), code="123456").address == reverse(LOGIN)


def test_a_code_works_once(maria: User) -> None:
    phone, _ = given(maria)
    shown = phone.code()
    password(first := Browser(), maria)
    assert code(first, shown).status == 302
    password(second := Browser(), maria)
    page = code(second, shown)
    assert "This code is not right" in page.errors_of("Code")
    assert not signed_in(second)


def test_a_wrong_code_does_not_stay_in_the_field_where_the_next_one_is_typed(maria: User) -> None:
    phone, _ = given(maria)
    browser = Browser()
    password(browser, maria)
    page = code(browser, wrong(phone.code()))
    field = next(each for each in page.all("input") if each.attributes.get("name") == "code")
    assert "This code is not right" in page.text
    assert ("value" in field.attributes, "autofocus" in field.attributes) == (False, True)


@pytest.mark.parametrize(("step", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step(maria: User, step: int, right: bool) -> None:
    phone, _ = given(maria)
    Authenticator.objects.update(last_t=-1)
    password(browser := Browser(), maria)
    early()
    assert (code(browser, phone.code(step)).status == 302) is right


def test_a_clock_that_was_off_once_is_not_followed_further(maria: User) -> None:
    phone, _ = given(maria)
    password(browser := Browser(), maria)
    code(browser, phone.code(1))
    assert Authenticator.objects.get().drift == 0


@pytest.mark.parametrize("typed", ["123 456", "12-34-56", " 123456 "])
def test_blanks_and_dashes_are_forgiven(typed: str) -> None:
    assert devices.digits(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "1234567", "١٢٣٤٥٦"])
def test_what_cannot_be_a_code_is_no_wrong_attempt(maria: User, typed: str) -> None:
    given(maria)
    password(browser := Browser(), maria)
    assert code(browser, typed).errors_of("Code")
    assert Authenticator.objects.get().throttling_failure_count == 0


def test_after_wrong_codes_one_waits_and_is_told_how_long(maria: User) -> None:
    phone, _ = given(maria)
    password(browser := Browser(), maria)
    for _ in range(2):
        Authenticator.objects.update(throttling_failure_timestamp=None)
        code(browser, wrong(phone.code()))
    said = code(browser, phone.code()).errors_of("Code")
    assert re.search(r"Too many wrong codes\. Try again in [12] s\.", said)
    assert Authenticator.objects.get().throttling_failure_count == 2


def test_a_wrong_code_is_told_as_a_failed_sign_in_and_a_right_one_as_a_sign_in(maria: User) -> None:
    phone, _ = given(maria)
    heard: list[object] = []
    failed = lambda **news: heard.append(news["credentials"]["username"])  # noqa: E731
    right = lambda **news: heard.append(news["user"])  # noqa: E731
    user_login_failed.connect(failed)
    user_logged_in.connect(right)
    try:
        password(browser := Browser(), maria)
        code(browser, wrong(phone.code()))
        Authenticator.objects.update(throttling_failure_timestamp=None)
        code(browser, phone.code())
    finally:
        user_login_failed.disconnect(failed)
        user_logged_in.disconnect(right)
    assert heard == [maria.username, maria]


def test_a_password_that_was_changed_meanwhile_lets_the_code_in_no_more(maria: User) -> None:
    phone, _ = given(maria)
    password(browser := Browser(), maria)
    maria.set_password("another")
    maria.save()
    assert code(browser, phone.code()).address == reverse(LOGIN)


def test_the_code_is_owed_for_ten_minutes(maria: User) -> None:
    phone, _ = given(maria)
    password(browser := Browser(), maria)
    session = browser.client.session
    session["smsops_pending"] = {**session["smsops_pending"], "at": session["smsops_pending"]["at"] - 601}
    session.save()
    assert code(browser, phone.code()).address == reverse(LOGIN)


def test_the_session_between_password_and_code_has_a_key_of_its_own(maria: User) -> None:
    given(maria)
    browser = Browser()
    browser.client.session.save()
    before = browser.client.session.session_key
    password(browser, maria)
    assert browser.client.session.session_key != before


def test_the_key_is_sealed_in_the_database_and_in_the_session(maria: User, required: None) -> None:
    browser = Browser()
    password(browser, maria)
    phone = Phone.reading(browser.get(reverse(DEVICE)))
    plain = (phone.key.hex(), b32encode(phone.key).decode(), b64encode(phone.key).decode(), str(phone.key))
    kept = str(dict(browser.client.session))
    assert not [each for each in plain if each.lower() in kept.lower()]
    browser.post(reverse(DEVICE), code=phone.code())
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM otp_totp_totpdevice")
        (kept,) = cursor.fetchone()
    assert not [each for each in plain if each.lower() in kept.lower()]
    assert Authenticator.objects.get().bin_key == phone.key


def test_under_another_field_key_it_is_said_and_nobody_gets_in(maria: User, settings: Settings) -> None:
    phone, _ = given(maria)
    password(browser := Browser(), maria)
    settings.FIELD_KEY = "another"
    assert "SMSOPS_FIELD_KEY" in code(browser, phone.code()).errors_of("Code")
    assert not signed_in(browser)


def test_where_it_is_offered_nobody_has_to(maria: User) -> None:
    browser = Browser()
    assert password(browser, maria).address == reverse("admin:index")
    page = browser.get(reverse("admin:sign_ins"))
    assert reverse(DEVICE) in page.links


def test_where_it_is_off_nobody_is_asked(maria: User, settings: Settings) -> None:
    given(maria)
    settings.SMSOPS_TOTP = "off"
    browser = Browser()
    assert password(browser, maria).address == reverse("admin:index")
    assert reverse(DEVICE) not in browser.get(reverse("admin:sign_ins")).links


def test_a_session_without_it_ends_when_it_becomes_required(maria: User, settings: Settings) -> None:
    browser = Browser(maria)
    assert signed_in(browser)
    settings.SMSOPS_TOTP = "required"
    assert not signed_in(browser)


def test_the_pages_of_the_library_are_gone(maria: User) -> None:
    given(maria)
    browser = Browser(maria)
    before = everything()
    assert browser.get("/otp_totp/totpdevice/").status == 404
    assert everything() == before


def test_a_form_of_another_site_is_refused(maria: User) -> None:
    given(maria)
    password(browser := Browser(), maria)
    browser.client.handler.enforce_csrf_checks = True
    for name in (LOGIN, CODE, DEVICE, "admin:sign_ins"):
        assert browser.post(reverse(name), code="123456").status == 403


def test_who_is_not_staff_gets_no_code_page(required: None, maria: User) -> None:
    stranger = make_user(is_staff=False)
    page = password(Browser(), stranger)
    assert "The name or the password is not right." in page.errors_of("Password")
