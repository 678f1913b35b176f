"""Checks in the admin: their list, the environment's page, a run's page, and the two buttons."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.models import CheckResult
from smsops.models import Environment
from tests.admin.browser import Browser, Page, changelist, door, everything
from tests.admin.test_environment_page import errors, saved
from tests.factories import (
    make_admin,
    make_check_result,
    make_environment,
    make_release,
    make_run,
    make_user,
    make_viewer,
)

pytestmark = pytest.mark.django_db
VIEWS = ("smsops.view_environment", "deployments.view_release", "deployments.view_checkresult")


def failing() -> Environment:
    """An environment whose bundle has been failing for three days."""
    environment = make_environment()
    for days, verdict in ((4, "pass"), (3, "fail"), (1, "fail")):
        make_check_result(environment, key="bundle", title="Static assets", verdict=verdict, detail="It is missing.",
                          fix="Rebuild it.", at=timezone.now() - timedelta(days=days))  # fmt: skip
    make_check_result(environment, detail="Well enough.")
    return environment


def rows(page: Page) -> list[str]:
    return [each.text for each in page.all("tr", "check")]


def test_an_environments_page_has_the_last_word_of_each_check_and_since_when_it_fails() -> None:
    page = Browser(make_viewer()).get(failing().get_absolute_url())
    bad = next(row for row in rows(page) if "It is missing." in row)
    assert bad.endswith("Fail Static assets It is missing. Rebuild it. 24 h 0 min ago 3 days ago")
    assert sum("Static assets" in row for row in rows(page)) == 1
    assert any("Pass Health Well enough." in row for row in rows(page))


def test_the_environments_form_is_saved_beside_them_and_they_stay() -> None:
    environment = failing()
    page = saved(environment, title="The school", checks_off='{"bundle": "The page comes from elsewhere."}')
    assert page.status == 302, errors(page)
    environment.refresh_from_db()
    assert environment.checks_off == {"bundle": "The page comes from elsewhere."}
    assert CheckResult.objects.count() == 4


def test_a_wrong_key_is_refused_beside_its_field() -> None:
    page = saved(make_environment(), checks_off='{"printer": "None."}')
    assert "There is no check “printer”" in errors(page)


def test_a_runs_page_says_what_did_not_pass_and_leads_to_all_of_it() -> None:
    run = make_run(kind="deploy")
    make_check_result(run.environment, run=run)
    make_check_result(run.environment, run=run, key="login", title="Login", verdict="fail", detail="No token.",
                      fix="Check the account.")  # fmt: skip
    browser = Browser(make_viewer())
    page = browser.get(run.get_absolute_url())
    assert page.one("ul", "checks-not-passed").text == "Fail Login No token. Check the account."
    (address,) = [link for link in page.links if "run__id__exact" in link]
    assert sum("Health" in each.text or "Login" in each.text for each in browser.get(address).all("tr")) == 2


def test_a_run_that_asked_nothing_has_no_such_part() -> None:
    page = Browser(make_viewer()).get(make_run().get_absolute_url())
    assert "asked" not in page.text


def test_check_now_asks_the_checklist_and_says_what_came_of_it() -> None:
    environment = make_environment()
    browser = Browser(make_user("smsops.check_environment", *VIEWS))
    page = browser.client.post(door(environment, "check"), {"reason": ""}, follow=True)
    said = Page(page).text
    assert re.search(r"\d+ checks: ", said)
    assert "Health: /health says down (connection refused" in said
    assert set(CheckResult.objects.filter(run=None).values_list("stage", flat=True)) == {"checklist"}


def test_preconditions_are_asked_from_a_releases_page() -> None:
    release = make_release(make_environment())
    browser = Browser(make_user("smsops.check_environment", *VIEWS))
    assert browser.post(door(release, "preflight"), reason="").status == 302
    assert set(CheckResult.objects.values_list("stage", "release")) == {("preconditions", release.pk)}


def test_opening_the_buttons_pages_asks_nothing() -> None:
    release = make_release(make_environment())
    browser = Browser(make_admin())
    before = everything()
    for address in (door(release, "preflight"), door(release.environment, "check")):
        assert browser.get(address).status == 200
    assert everything() == before


@pytest.mark.parametrize("permissions", [VIEWS, ()])
def test_who_may_not_check_presses_neither(permissions: tuple[str, ...]) -> None:
    release = make_release(make_environment())
    browser = Browser(make_user(*permissions))
    for address in (door(release, "preflight"), door(release.environment, "check")):
        assert browser.post(address, reason="").status in (403, 404)
    assert not CheckResult.objects.exists()


def test_results_are_filtered_by_what_they_say() -> None:
    failing()
    page = Browser(make_viewer()).get(changelist(CheckResult), verdict__exact="fail")
    assert len([each for each in page.all("th") if "field-title" in each.attributes.get("class", "")]) == 2
