"""Sessions: how long they last, where they are seen, and what ends them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.urls import reverse
from pytest_django import Settings

from smsops import signals
from smsops.models import Authenticator, SignIn
from tests.admin.browser import Browser
from tests.factories import make_admin, make_environment, make_user
from tests.intake.senders import alert, payload, sender
from tests.signin.phone import DEVICE, LOGIN, Phone, given, password, signed_in

MINE = "admin:sign_ins"
NEWS = ("device_added", "device_removed", "backup_codes_made", "sessions_ended")


def aged(browser: Browser, **stamps: float) -> None:
    """Set the clock of a session back by so many seconds."""
    session = browser.client.session
    for name, seconds in stamps.items():
        session[f"smsops_{name}"] -= seconds
    session.save()


def hearing(heard: list[str], name: str) -> Callable[..., None]:
    return lambda **_: heard.append(name)


def test_a_form_that_was_open_for_long_learns_who_is_signed_in(maria: User) -> None:
    browser = Browser(maria)
    answer = browser.client.get(reverse("admin:signed_in"))
    assert answer.json()["user"] == maria.username
    assert len(answer.json()["csrf"]) > 30
    assert "no-store" in answer.headers["Cache-Control"]
    browser.client.logout()
    assert browser.client.get(reverse("admin:signed_in")).status_code == 302


def test_who_signed_out_is_told_so_and_nothing_else(maria: User) -> None:
    page = Browser(maria).post(reverse("admin:logout"))
    assert "You are signed out" in page.one("h1").text
    assert [each.text for each in page.all("a", "button-link")] == ["Sign in again"]
    assert not page.all("p", "alarm")


def test_a_session_that_nobody_uses_ends_and_says_so(maria: User, settings: Settings) -> None:
    settings.SMSOPS_SESSION_IDLE_MINUTES = 30
    browser = Browser(maria)
    aged(browser, seen=1790)
    assert signed_in(browser)
    aged(browser, seen=1801)
    page = browser.client.get(reverse("admin:index"), follow=True)
    assert "Your session ended because nobody used it. Sign in again." in page.content.decode()


def test_a_session_that_is_used_all_the_time_ends_too(maria: User, settings: Settings) -> None:
    settings.SMSOPS_SESSION_HOURS = 2
    browser = Browser(maria)
    aged(browser, begun=7190)
    assert signed_in(browser)
    aged(browser, begun=20)
    assert not signed_in(browser)
    assert SignIn.objects.get().ended_why == "After 2 hours every session ends."


def test_a_page_that_keeps_itself_fresh_is_no_use_of_the_session(maria: User) -> None:
    browser = Browser(maria)
    aged(browser, seen=300)
    before = browser.client.session["smsops_seen"]
    browser.client.get(reverse("admin:index"), headers={"sec-fetch-mode": "cors"})
    assert browser.client.session["smsops_seen"] == before
    browser.client.get(reverse("admin:index"), headers={"sec-fetch-mode": "navigate"})
    assert browser.client.session["smsops_seen"] > before


def test_a_session_from_before_there_were_limits_is_over(maria: User) -> None:
    browser = Browser(maria)
    session = browser.client.session
    del session["smsops_begun"]
    session.save()
    assert not signed_in(browser)


def test_one_that_goes_on_writes_nothing_for_a_minute(maria: User, django_assert_num_queries: Any) -> None:
    browser = Browser(maria)
    browser.get(reverse("admin:jsi18n"))
    with django_assert_num_queries(2):  # the session and the person
        browser.get(reverse("admin:jsi18n"))


def test_the_page_says_where_and_when_and_which_one_this_is(maria: User) -> None:
    Browser(maria, REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="Telephone")
    password(Browser(REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="Telephone"), maria)
    page = Browser(maria).get(reverse(MINE))
    assert "203.0.113.9" in page.text
    assert "Telephone" in page.text
    assert page.text.count("This one") == 1


def test_nobody_sees_the_sign_ins_of_others(maria: User) -> None:
    password(Browser(REMOTE_ADDR="203.0.113.9"), maria)
    assert "203.0.113.9" not in Browser(make_admin()).get(reverse(MINE)).text


def test_all_others_are_ended_by_one_button(maria: User) -> None:
    first, second, stranger = Browser(maria), Browser(maria), Browser(make_admin())
    second.post(reverse(MINE), act="end-others")
    assert (signed_in(first), signed_in(second), signed_in(stranger)) == (False, True, True)


def test_one_is_ended_by_its_button_but_not_that_of_somebody_else(maria: User) -> None:
    mine, here, other = Browser(maria), Browser(maria), Browser(make_admin())
    for row in SignIn.objects.all():
        here.post(reverse(MINE), act="end", row=str(row.pk))
    assert (signed_in(mine), signed_in(here), signed_in(other)) == (False, True, True)


@pytest.mark.parametrize("row", ["", "x", "-1", "9" * 30, "²"])
def test_nonsense_ends_nothing_and_is_no_crash(maria: User, row: str) -> None:
    browser, other = Browser(maria), Browser(maria)
    assert browser.post(reverse(MINE), act="end", row=row).status == 302
    assert signed_in(other)


def test_a_new_password_ends_every_session_but_the_one_it_was_changed_in(maria: User) -> None:
    other, here = Browser(maria), Browser(maria)
    form = {"old_password": "secret", "new_password1": "Quite another 1", "new_password2": "Quite another 1"}
    assert here.post(reverse("admin:password_change"), **form).status == 302
    assert (signed_in(other), signed_in(here)) == (False, True)
    assert Session.objects.count() == 1
    assert SignIn.objects.filter(session__isnull=False).count() == 1
    assert here.get(reverse(MINE)).text.count("This one") == 1


def test_a_password_that_somebody_else_sets_ends_every_session(maria: User) -> None:
    browser = Browser(maria)
    maria.set_password("Quite another 1")
    maria.save()
    assert not Session.objects.exists()
    assert not signed_in(browser)


def test_another_telephone_ends_every_session_but_the_one_it_was_set_up_in(maria: User) -> None:
    other, here = Browser(maria), Browser(maria)
    phone = Phone.reading(here.get(reverse(DEVICE)))
    assert "Your backup codes" in here.post(reverse(DEVICE), code=phone.code()).text
    assert (signed_in(other), signed_in(here)) == (False, True)


def test_a_second_factor_is_exchanged_and_the_old_one_counts_no_more(maria: User) -> None:
    old, _ = given(maria)
    browser = Browser(maria)
    new = Phone.reading(browser.get(reverse(DEVICE)))
    browser.post(reverse(DEVICE), code=new.code())
    assert Authenticator.objects.get().bin_key == new.key != old.key


def test_the_news_of_a_second_factor_is_sent(maria: User) -> None:
    heard: list[str] = []
    listeners = {name: hearing(heard, name) for name in NEWS}
    for name, listen in listeners.items():
        getattr(signals, name).connect(listen)
    given(maria)
    Browser(maria)
    Browser(maria).post(reverse(MINE), act="remove")
    for name, listen in listeners.items():
        getattr(signals, name).disconnect(listen)
    assert heard == ["device_added", "backup_codes_made", "sessions_ended", "device_removed"]


def test_signing_out_is_written_down(maria: User) -> None:
    Browser(maria).post(reverse("admin:logout"))
    assert SignIn.objects.get().ended_why == "Signed out."


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(maria: User, settings: Settings) -> None:
    browser = Browser()
    password(browser, maria)
    cookie = browser.client.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    settings.SESSION_COOKIE_SECURE = True  # as it is with HTTPS
    password(other := Browser(), maria)
    assert other.client.cookies[settings.SESSION_COOKIE_NAME]["secure"] is True


def test_doors_for_machines_know_no_session(db: None, required: None) -> None:
    shown = {"Authorization": f"Bearer {sender(make_environment()).token}"}
    client, body = Browser().client, payload(alert())
    assert client.post("/alerts/alertmanager", body, "application/json").status_code == 401
    assert client.post("/alerts/alertmanager", body, "application/json", headers=shown).status_code == 202
    assert client.get("/a/nonsense/").status_code == 404
    assert client.get("/metrics").status_code == 403
    assert not client.cookies


def test_a_stranger_who_is_no_staff_has_no_page(db: None) -> None:
    assert Browser(make_user(is_staff=False)).get(reverse(MINE)).address.startswith(reverse(LOGIN))
