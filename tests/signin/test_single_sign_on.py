"""Single sign-on against a real provider: who gets in, as whom, and with which roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from pytest_django import Settings

from smsops.models import Identity
from tests.admin.browser import Browser
from tests.factories import make_user
from tests.signin.phone import given, signed_in
from tests.signin.provider import Provider
from tests.signin.sign_on import BEGIN, LOGIN, refused, through

pytestmark = pytest.mark.django_db


@pytest.fixture
def maria(op: Provider) -> User:
    """Somebody who is known here by their address."""
    return make_user(username="maria", email="Maria@school.example", is_superuser=True)


def test_somebody_with_the_same_address_gets_in_where_they_wanted_to(op: Provider, maria: User) -> None:
    browser = Browser()
    assert through(browser, next="/smsops/run/").address == "/smsops/run/"
    assert signed_in(browser)
    assert maria.sign_ins.get().get_how_display() == "Single sign-on"
    assert Identity.objects.get().subject == "42"


def test_the_button_is_on_the_page_only_where_there_is_a_provider(op: Provider, settings: Settings) -> None:
    page = Browser().get(reverse(LOGIN), next="/smsops/run/")
    assert "Sign in with School ID" in page.text
    assert f"{reverse(BEGIN)}?next=%2Fsmsops%2Frun%2F" in page.links
    settings.SMSOPS_OIDC_ISSUER = ""
    assert "School ID" not in Browser().get(reverse(LOGIN)).text


def test_two_people_with_one_address_are_not_guessed_between(op: Provider, maria: User) -> None:
    make_user(email="maria@school.example")
    assert refused(Browser())


def test_who_was_linked_stays_linked_whatever_their_address_becomes(op: Provider, maria: User) -> None:
    through(Browser())
    op.account["email"] = "m.garcia@school.example"
    browser = Browser()
    through(browser)
    assert signed_in(browser)
    assert User.objects.count() == 1


def test_the_address_of_somebody_who_was_linked_is_no_way_in_for_another_account(op: Provider, maria: User) -> None:
    through(Browser())
    op.account["sub"] = "666"
    through(browser := Browser())
    assert not signed_in(browser)
    assert maria.identities.get().subject == "42"


def test_somebody_new_without_a_role_is_told_so_and_gets_nowhere(op: Provider) -> None:
    browser = Browser()
    through(browser)
    assert "nobody has given you a role yet" in browser.get(reverse(LOGIN)).text
    found = User.objects.get()
    assert (found.username, found.is_staff, found.is_superuser, found.groups.count()) == ("maria", False, False, 0)
    assert not found.has_usable_password()


def test_somebody_new_with_a_mapped_group_gets_its_role_and_no_other(op: Provider) -> None:
    op.account["groups"] = ["ops", "teachers", 7]
    browser = Browser()
    through(browser)
    assert signed_in(browser)
    assert [each.name for each in User.objects.get().groups.all()] == ["Our operators"]


def test_a_role_that_was_taken_there_is_taken_here_and_those_by_hand_stay(op: Provider, maria: User) -> None:
    maria.groups.set(Group.objects.filter(name__in=["Our leads", "By hand"]))
    op.account["groups"] = "ops"
    through(Browser())
    assert {each.name for each in maria.groups.all()} == {"Our operators", "By hand"}


def test_a_name_that_is_taken_is_not_taken_over(op: Provider) -> None:
    other = make_user(username="maria", is_superuser=True)
    op.account["groups"] = ["ops"]
    through(Browser())
    assert User.objects.exclude(pk=other.pk).get().username == "maria@school.example"


def test_a_blocked_account_stays_blocked(op: Provider, maria: User) -> None:
    maria.is_active = False
    maria.save()
    assert refused(Browser())


def test_who_comes_from_the_provider_owes_no_code(op: Provider, maria: User, required: None) -> None:
    given(maria)
    browser = Browser()
    through(browser)
    assert signed_in(browser)
