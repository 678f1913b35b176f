"""Backup codes: shown once, kept as digests, each good for once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticToken

from smsops import signals
from smsops.models import BackupCodes
from smsops.signin import devices
from tests.admin.browser import Browser
from tests.signin.phone import code, given, password, signed_in, wrong


def test_one_lets_in_when_the_telephone_is_lost(maria: User) -> None:
    _, codes = given(maria)
    password(browser := Browser(), maria)
    assert code(browser, codes[3]).status == 302
    assert signed_in(browser)
    assert maria.sign_ins.get().get_how_display() == "Password and backup code"


def test_it_works_once(maria: User) -> None:
    _, codes = given(maria)
    for right in (True, False):
        password(browser := Browser(), maria)
        assert (code(browser, codes[0]).status == 302) is right
    assert devices.codes_left(maria) == 9


def test_only_digests_are_kept(maria: User) -> None:
    _, codes = given(maria)
    kept = " ".join(StaticToken.objects.values_list("token", flat=True))
    assert len(codes) == StaticToken.objects.count() == 10
    assert not [each for each in codes if each in kept or each.replace(" ", "") in kept]


def test_the_same_code_of_somebody_else_has_another_digest(maria: User) -> None:
    one, other = BackupCodes(user_id=1), BackupCodes(user_id=2)
    assert one.digest("1234567890") != other.digest("1234567890")


def test_new_ones_void_the_old_ones(maria: User) -> None:
    _, codes = given(maria)
    devices.make_codes(maria)
    password(browser := Browser(), maria)
    assert "This code is not right" in code(browser, codes[0]).errors_of("Code")


def test_guesses_are_slowed_down(maria: User) -> None:
    _, codes = given(maria)
    password(browser := Browser(), maria)
    code(browser, wrong(codes[0]))
    BackupCodes.objects.update(throttling_failure_count=6)  # after one it would be a second
    assert "Too many wrong codes" in code(browser, codes[0]).errors_of("Code")


def test_the_page_of_sign_ins_makes_new_ones_and_says_how_many_are_left(maria: User) -> None:
    given(maria)
    browser = Browser(maria)
    page = browser.post(reverse("admin:sign_ins"), act="new-codes")
    assert len(page.one("ol", "codes").text.split()) == 20
    assert "10 backup codes are left" in browser.get(reverse("admin:sign_ins")).text


@pytest.mark.parametrize("act", ["new-codes", "remove"])
def test_who_has_no_telephone_gets_none_and_loses_none(maria: User, act: str) -> None:
    assert Browser(maria).post(reverse("admin:sign_ins"), act=act).status == 302
    assert not BackupCodes.objects.exists()


def test_one_that_is_used_is_told_with_how_many_are_left(maria: User) -> None:
    _, codes = given(maria)
    heard: list[int] = []
    listen = lambda **news: heard.append(news["left"])  # noqa: E731
    signals.backup_code_used.connect(listen)
    password(browser := Browser(), maria)
    code(browser, codes[0])
    signals.backup_code_used.disconnect(listen)
    assert heard == [9]
