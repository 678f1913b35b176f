"""The vault's page: size, what stays, copies elsewhere, keys; for those who may see backups."""

from __future__ import annotations

import pytest
from django.urls import reverse

from backups import selectors
from smsops.models import Environment
from tests.admin.browser import Browser, Page
from tests.admin.doors import a_school
from tests.factories import make_admin, make_environment, make_offsite_vault, make_user, make_viewer

pytestmark = pytest.mark.django_db


def vault_page(environment: Environment, user: object = None) -> Page:
    return Browser(user or make_viewer()).get(reverse("admin:backups_vault", args=[environment.pk]))  # type: ignore[arg-type]


def test_it_says_how_large_the_vault_is_and_why_backups_stay() -> None:
    page = vault_page(a_school())
    assert (page.status, "1 of the last 7 days" in page.text) == (200, True)


def test_an_environment_without_backups_has_a_page_too() -> None:
    page = vault_page(make_environment())
    assert "No backup yet" in page.text
    assert "The backups lie on one machine only" in page.text


def test_a_copy_elsewhere_is_shown_with_its_lag() -> None:
    environment = a_school()
    make_offsite_vault(environment, name="s3", problem="The server does not answer.")
    page = vault_page(environment)
    assert "The server does not answer." in page.text
    assert "one machine only" not in page.text


def test_a_key_that_was_not_exported_is_named_and_never_shown() -> None:
    key = selectors.keyring().current()
    page = vault_page(a_school())
    assert f"Only here {key.identity}" in page.text
    assert key.as_data()["key"] not in page.html


def test_who_may_not_see_backups_does_not_see_the_vault() -> None:
    assert vault_page(a_school(), make_user("smsops.view_environment", is_staff=True)).status == 403


def test_an_environment_that_is_not_there_is_not_found() -> None:
    assert Browser(make_admin()).get(reverse("admin:backups_vault", args=[999])).status == 404
