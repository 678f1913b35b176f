"""The vault's page: size, what stays, copies elsewhere, keys; for those who may see backups."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from backups import selectors
from backups.models import LogFollowing
from smsops.models import Environment
from tests.admin.browser import Browser, Page
from tests.admin.scenes import a_school
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


def test_the_commits_elsewhere_are_shown_with_their_lag_and_how_much_is_there() -> None:
    environment = a_school()
    LogFollowing.objects.create(environment=environment, looked_at=timezone.now() + timedelta(minutes=1))
    today = f"{timezone.now():%Y-%m-%d}"
    up_to_now = timezone.now() + timedelta(minutes=1)  # also when the page is read
    make_offsite_vault(environment, log_at=up_to_now, sizes=[[today, 3_000_000, 2_000_000, 17]])
    page = vault_page(environment)
    assert "commits 0.0 s" in page.text
    assert "3.0 MB of backups, 2.0 MB of commits, 17 files" in page.text


def test_commits_that_are_late_are_trouble_there_and_on_the_dashboard() -> None:
    environment = a_school()
    LogFollowing.objects.create(environment=environment, looked_at=timezone.now() + timedelta(minutes=1))
    vault = make_offsite_vault(environment, log_at=timezone.now() - timedelta(minutes=9), log_problem="No answer.")
    assert "Commits of the last 9 min" in vault_page(environment).text
    assert "are on this machine alone" in Browser(make_viewer()).get(reverse("admin:index")).text
    assert "9 min" in Browser(make_viewer()).get(vault.get_absolute_url()).text
