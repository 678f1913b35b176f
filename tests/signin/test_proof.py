"""Before something destructive a person proves again who they are, and nothing that was typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from pytest_django import Settings

from smsops import signals
from smsops.models import ApiToken, AuditEntry, Authenticator, Run
from tests.admin.browser import Browser, Page, change_page
from tests.admin.doors import DESTRUCTIVE, DOORS, REASON, Door
from tests.admin.scenes import a_school
from tests.factories import make_user, make_viewer
from tests.signin.phone import given, pressed_in

pytestmark = pytest.mark.django_db
RESTORE = DOORS["restore the latest"]


def forgotten(user: User) -> Browser:
    """Somebody whose last proof was a while ago."""
    browser = Browser(user)
    session = browser.client.session
    session["smsops_proven"] -= 601
    session.save()
    return browser


def asked(page: Page) -> bool:
    return page.status in (200, 429) and "show that it is you" in page.text


def proven(browser: Browser, page: Page, shown: str) -> Page:
    """Fill in the one field, and send what the page holds."""
    form = next(each for each in page.all("form") if each.attributes.get("id") == "proof-form")
    return browser.post(form.attributes["action"], **pressed_in(page), smsops_proof=shown)


@pytest.mark.parametrize("button", DESTRUCTIVE.values(), ids=DESTRUCTIVE)
def test_every_destructive_button_asks(button: Door) -> None:
    target = button.prepare()
    browser, before = forgotten(button.user()), Run.objects.count()
    page = browser.post(button.address(target), **button.form(target))
    assert asked(page)
    assert Run.objects.count() == before


def test_what_was_typed_is_done_after_the_password(maria: User) -> None:
    school = a_school()
    browser = forgotten(maria)
    page = browser.post(RESTORE.address(school), **RESTORE.form(school))
    assert pressed_in(page)["reason"] == REASON
    proven(browser, page, "secret")
    assert Run.objects.get(kind="restore").reason == REASON


def test_a_wrong_password_does_nothing_and_what_was_typed_is_still_there(maria: User) -> None:
    school = a_school()
    browser = forgotten(maria)
    page = proven(browser, browser.post(RESTORE.address(school), **RESTORE.form(school)), "wrong")
    assert "This is not your password." in page.errors_of("Password")
    assert pressed_in(page)["typed_name"] == school.name
    assert not Run.objects.filter(kind="restore").exists()


def test_with_a_telephone_it_is_a_code_in_one_field_for_a_thumb(maria: User) -> None:
    phone, _ = given(maria)
    school = a_school()
    browser = forgotten(maria)
    page = browser.post(RESTORE.address(school), **RESTORE.form(school))
    (field,) = [each for each in page.all("input") if each.attributes["type"] != "hidden"]
    assert "autofocus" in field.attributes
    assert (field.attributes["inputmode"], field.attributes["autocomplete"]) == ("numeric", "one-time-code")
    proven(browser, page, phone.code())
    assert Run.objects.filter(kind="restore").exists()


def test_a_code_that_was_used_is_refused_and_so_is_the_password(maria: User) -> None:
    phone, _ = given(maria)
    school = a_school()
    page = (browser := forgotten(maria)).post(RESTORE.address(school), **RESTORE.form(school))
    used = phone.code()
    proven(browser, page, used)
    Run.objects.all().delete()
    browser = forgotten(maria)
    for shown in (used, "secret"):
        Authenticator.objects.update(throttling_failure_timestamp=None)
        assert asked(proven(browser, page, shown))
    assert not Run.objects.filter(kind="restore").exists()


def test_guesses_here_lead_to_the_same_lockout(maria: User) -> None:
    school = a_school()
    page = (browser := forgotten(maria)).post(RESTORE.address(school), **RESTORE.form(school))
    for _ in range(5):
        page = proven(browser, page, "wrong")
    assert (page.status, "Too many wrong attempts" in page.errors_of("Password")) == (429, True)
    assert asked(proven(browser, page, "secret"))
    assert not Run.objects.filter(kind="restore").exists()


def test_within_ten_minutes_nobody_is_asked_twice(maria: User) -> None:
    school = a_school()
    browser = forgotten(maria)
    page = browser.post(RESTORE.address(school), **RESTORE.form(school))
    proven(browser, page, "secret")
    Run.objects.filter(kind="restore").delete()
    assert browser.post(RESTORE.address(school), **RESTORE.form(school)).status == 302


def test_zero_minutes_ask_every_time(maria: User, settings: Settings) -> None:
    settings.SMSOPS_SUDO_MINUTES = 0
    school = a_school()
    assert asked(Browser(maria).post(RESTORE.address(school), **RESTORE.form(school)))


def test_a_mistake_in_the_form_is_told_before_anything_is_asked(maria: User) -> None:
    school = a_school()
    page = forgotten(maria).post(RESTORE.address(school), **RESTORE.form(school) | {"typed_name": "wrong"})
    assert not asked(page)
    assert "This is not" in page.errors_of("Name")


def test_what_destroys_nothing_asks_nothing(maria: User) -> None:
    button = DOORS["back up"]
    target = button.prepare()
    assert forgotten(maria).post(button.address(target), **button.form(target)).status == 302


@pytest.mark.parametrize(("extra", "asks"), [({"only_look": "on"}, False), ({}, True)])
def test_putting_rows_back_asks_and_looking_does_not(maria: User, extra: dict[str, Any], asks: bool) -> None:
    button = DOORS["put rows back"]
    target = button.prepare()
    assert asked(forgotten(maria).post(button.address(target), **button.form(target), **extra)) is asks


def test_deleting_a_row_asks_and_goes_on(maria: User) -> None:
    group = Group.objects.create(name="Our own")
    browser = forgotten(maria)
    page = browser.post(f"{change_page(group).removesuffix('change/')}delete/", post="yes")
    assert asked(page)
    assert Group.objects.filter(pk=group.pk).exists()
    proven(browser, page, "secret")
    assert not Group.objects.filter(pk=group.pk).exists()


def test_deleting_several_asks_and_goes_on(maria: User) -> None:
    groups = [Group.objects.create(name=f"Our own {number}") for number in range(2)]
    form = {"action": "delete_selected", "_selected_action": [each.pk for each in groups], "index": "0", "post": "yes"}
    browser = forgotten(maria)
    page = browser.post(reverse("admin:auth_group_changelist"), **form)
    assert asked(page)
    hidden = [(each.attributes["name"], each.attributes["value"]) for each in page.all("input")[:-1]]
    assert len([name for name, _ in hidden if name == "_selected_action"]) == 2
    browser.post(reverse("admin:auth_group_changelist"), **form, smsops_proof="secret")
    assert not Group.objects.filter(name__startswith="Our own").exists()


def test_who_may_not_delete_is_told_so_and_asked_for_nothing() -> None:
    group = Group.objects.create(name="Our own")
    page = forgotten(make_viewer()).post(f"{change_page(group).removesuffix('change/')}delete/", post="yes")
    assert page.status == 403


def test_who_may_not_press_it_is_told_so_and_asked_for_nothing() -> None:
    school = a_school()
    page = forgotten(make_user("smsops.view_environment")).post(RESTORE.address(school), **RESTORE.form(school))
    assert page.status == 403


def test_it_is_told(maria: User) -> None:
    heard: list[User] = []
    listen = lambda **news: heard.append(news["user"])  # noqa: E731
    signals.identity_proven.connect(listen)
    school = a_school()
    page = (browser := forgotten(maria)).post(RESTORE.address(school), **RESTORE.form(school))
    proven(browser, page, "wrong")
    proven(browser, page, "secret")
    signals.identity_proven.disconnect(listen)
    assert heard == [maria]


def test_another_telephone_asks_for_the_old_one(maria: User) -> None:
    phone, _ = given(maria)
    browser = forgotten(maria)
    browser.get(reverse("admin:login_device"))
    page = browser.post(reverse("admin:login_device"), code="123456")
    assert asked(page)
    assert "is not right" in proven(browser, page, phone.code()).errors_of("Code")


@pytest.mark.parametrize("act", ["remove", "new-codes"])
def test_what_weakens_the_second_factor_asks(maria: User, act: str) -> None:
    given(maria)
    assert asked(forgotten(maria).post(reverse("admin:sign_ins"), act=act))


def test_naming_another_action_beside_the_deletion_does_not_help(maria: User) -> None:
    group = Group.objects.create(name="Our own")
    form = {"action": ["delete_selected", "another"], "_selected_action": group.pk, "index": "0", "post": "yes"}
    assert asked(forgotten(maria).post(reverse("admin:auth_group_changelist"), **form))
    assert Group.objects.filter(pk=group.pk).exists()


@pytest.mark.parametrize("page", ["password_change", "auth_user_add", "auth_group_add"])
def test_who_lets_somebody_in_shows_first_who_they_are(maria: User, page: str) -> None:
    before = (User.objects.count(), Group.objects.count(), User.objects.get(pk=maria.pk).password)
    new = dict.fromkeys(("new_password1", "new_password2", "password1", "password2"), "another one 7")
    words = {"old_password": "secret", "username": "mallory", "name": "Ours", **new}
    answer = forgotten(maria).post(reverse(f"admin:{page}"), **words)
    assert asked(answer)
    assert "another one 7" not in answer.html
    assert (User.objects.count(), Group.objects.count(), User.objects.get(pk=maria.pk).password) == before


def test_a_key_to_the_api_is_made_by_who_has_just_shown_who_they_are(maria: User) -> None:
    words = {"name": "CI", "scopes": ["read"], "days": "30"}
    assert asked(forgotten(maria).post(reverse("admin:smsops_my_tokens"), **words))
    assert not ApiToken.objects.exists()
    Browser(maria).post(reverse("admin:smsops_my_tokens"), **words)
    assert AuditEntry.objects.filter(action="apitoken.add", user=maria.pk).exists()


def test_a_first_authenticator_is_set_up_by_who_has_just_shown_who_they_are(maria: User) -> None:
    browser = forgotten(maria)
    browser.get(reverse("admin:login_device"))
    assert asked(browser.post(reverse("admin:login_device"), code="123456"))


def test_a_password_that_is_typed_once_more_is_told_before() -> None:
    ada = User.objects.create_superuser("ada", password="x")
    new = {"username": "new", "usable_password": "true", "password1": "a long one 1", "password2": "a long one 1"}
    page = forgotten(ada).post(reverse("admin:auth_user_add"), **new)
    assert asked(page)
    assert "but for the password: that you type once more" in page.text
    assert "a long one" not in page.text
