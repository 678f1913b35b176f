"""Inviting somebody: one form, and they can sign in and do what their role may."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from tests.admin.browser import Browser, change_page
from tests.factories import make_admin, make_user

pytestmark = pytest.mark.django_db
WORD = "seven blue umbrellas"


def invited(**fields: object) -> User:
    form = {"username": "maria", "usable_password": "true", "password1": WORD, "password2": WORD, **fields}
    assert Browser(make_admin()).post(reverse("admin:auth_user_add"), **form).status == 302
    return User.objects.get(username="maria")


def test_whoever_is_added_may_sign_in_and_has_the_role_that_was_ticked() -> None:
    role = Group.objects.create(name="Night watch")
    found = invited(groups=[str(role.pk)])
    assert (found.is_staff, found.is_superuser, list(found.groups.all())) == (True, False, [role])
    answer = Browser().post(reverse("admin:login"), username="maria", password=WORD)
    assert answer.address == reverse("admin:index")


def test_whoever_was_put_out_stays_out_when_something_else_is_changed() -> None:
    user, browser = make_user(), Browser(make_admin())
    form = {"username": user.username, "is_active": "on", "date_joined": "2026-01-01T00:00:00"}
    assert browser.post(change_page(user), **form).status == 302
    user.refresh_from_db()
    assert not user.is_staff
