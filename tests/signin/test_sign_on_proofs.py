"""With single sign-on a proof of who one is is a new sign-in at the provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from smsops.models import Run
from tests.admin.browser import Browser, Page
from tests.admin.doors import DOORS, REASON
from tests.admin.scenes import a_school
from tests.factories import make_user
from tests.signin.phone import pressed_in
from tests.signin.provider import Provider
from tests.signin.sign_on import BEGIN, through

pytestmark = pytest.mark.django_db
RESTORE = DOORS["restore the latest"]


@pytest.fixture
def maria(op: Provider) -> User:
    """Somebody who is known here by their address."""
    return make_user(username="maria", email="Maria@school.example", is_superuser=True)


def held(browser: Browser) -> Page:
    """A restore, filled in by somebody whose last proof was a while ago."""
    session = browser.client.session
    session["smsops_proven"] -= 601
    session.save()
    school = a_school()
    return browser.post(RESTORE.address(school), **RESTORE.form(school))


def the_way(page: Page) -> dict[str, str]:
    (link,) = [each for each in page.links if each.startswith(reverse(BEGIN))]
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def test_a_proof_is_a_new_sign_in_there_and_what_was_typed_is_not_lost(op: Provider, maria: User) -> None:
    through(browser := Browser())
    page = through(browser, **the_way(held(browser)))
    assert (op.asked[-1]["max_age"], op.asked[-1]["prompt"]) == ("0", "login")
    page = browser.get(page.address)
    assert pressed_in(page)["reason"] == REASON
    assert not Run.objects.filter(kind="restore").exists()
    form = page.all("form")[-1].attributes
    browser.post(form["action"], **pressed_in(page))
    assert Run.objects.get(kind="restore").reason == REASON


@pytest.mark.parametrize("lies", [{"auth_time": 1_700_000_000}, {"auth_time": None}])
def test_an_old_sign_in_there_is_no_proof(op: Provider, maria: User, lies: dict[str, Any]) -> None:
    through(browser := Browser())
    op.lies = lies
    assert through(browser, **the_way(held(browser))).address == reverse("admin:index")
    assert "show that" not in browser.get(reverse("admin:index")).text
    assert browser.client.session["smsops_proven"] + 600 < browser.client.session["smsops_begun"]


def test_somebody_else_there_is_no_proof(op: Provider, maria: User) -> None:
    make_user(username="ada", email="ada@school.example")
    through(browser := Browser())
    op.account |= {"sub": "43", "email": "ada@school.example"}
    assert through(browser, **the_way(held(browser))).address == reverse("admin:index")
    assert browser.client.session["smsops_proven"] + 600 < browser.client.session["smsops_begun"]
