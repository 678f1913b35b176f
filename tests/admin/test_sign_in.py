"""Nothing of smsops is seen by anybody who has not signed in as staff."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.admin.browser import Browser, everything
from tests.factories import make_user

pytestmark = pytest.mark.django_db

OPEN = {"login", "logout"}  # the other doors of the sign-in lead here as well, where nobody has shown a password
MACHINES = {"alerts", "alerts_by_header", "metrics", "acknowledge"}  # each has a secret of its own instead of a login


def addresses(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns)
        else:
            yield pattern


def filled(pattern: URLPattern, prefix: str = "") -> str:
    """An address of the pattern; what the arguments are does not matter before the login."""
    return reverse(f"admin:{pattern.name}", kwargs=dict.fromkeys(pattern.pattern.converters, "1"))


# Each operation of the API wants a token: tests/api/test_operations.py.
KNOWN = [each for each in get_resolver().url_patterns if getattr(each, "app_name", None) != "api"]
NAMED = [
    pattern
    for pattern in addresses(KNOWN)
    if pattern.name and pattern.name not in OPEN | MACHINES | {"view_on_site", "app_list"}
]


def test_every_address_belongs_to_the_admin_or_has_a_secret_of_its_own() -> None:
    own = [pattern.name for pattern in addresses(list(admin.site.urls[0]))]
    known = [pattern.name for pattern in addresses(KNOWN)]
    assert sorted(filter(None, known)) == sorted([*filter(None, own), *MACHINES])
    assert len(known) == len(own) + len(MACHINES)
    assert len(NAMED) > 50


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_login_every_address_leads_to_the_login(method: str) -> None:
    browser = Browser()
    before = everything()
    for pattern in NAMED:
        page = getattr(browser, method)(filled(pattern))
        assert page.status == 302, pattern
        assert page.address.startswith(reverse("admin:login")), pattern
    assert everything() == before


def test_people_who_are_not_staff_get_no_further() -> None:
    browser = Browser(make_user("smsops.view_environment", is_staff=False))
    for name in ("index", "smsops_environment_changelist", "smsops_run_changelist"):
        assert browser.get(reverse(f"admin:{name}")).address.startswith(reverse("admin:login"))


def test_a_blocked_account_gets_no_further() -> None:
    user = make_user(is_superuser=True)
    browser = Browser(user)
    user.is_active = False
    user.save()
    assert browser.get(reverse("admin:index")).address.startswith(reverse("admin:login"))


def test_the_right_password_lets_staff_in_and_the_wrong_one_nobody() -> None:
    user, browser = make_user(), Browser()
    wrong = browser.post(reverse("admin:login"), username=user.username, password="wrong")
    assert "The name or the password is not right." in wrong.errors_of("Password")
    right = browser.post(reverse("admin:login"), username=user.username, password="secret")
    assert right.status == 302
    assert "Dashboard" in browser.get(reverse("admin:index")).text


def test_the_login_page_tells_nothing_of_the_installation() -> None:
    page = Browser().get(reverse("admin:login"))
    assert page.status == 200
    assert not page.all("nav", "rooms")
    assert set(chain(page.links)) <= {reverse("admin:index"), "#content-start"}
