"""The buttons of a page: a few in sight, the others under “More”, without a script and for the keyboard as well."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from smsops.admin.buttons import Button, row
from smsops.models import Environment, RunState
from smsops.runs import plan
from tests.admin.browser import Browser, Page
from tests.admin.doors import DOORS
from tests.admin.scenes import a_school
from tests.factories import make_admin, make_environment, make_run, make_user, make_viewer

pytestmark = pytest.mark.django_db


def split(page: Page) -> tuple[list[str], list[str]]:
    """Addresses of the buttons in sight, and of those below “More”."""
    below = page.html.partition('<li class="more">')[2]
    return [link for link in page.doors if link not in below], [link for link in page.doors if link in below]


def names(links: list[str]) -> list[str]:
    return [link.rstrip("/").rpartition("/")[2] for link in links]


def page_of(environment: Environment, user: object = None) -> Page:
    return Browser(user or make_admin()).get(environment.get_absolute_url())  # type: ignore[arg-type]


def test_four_buttons_of_an_environment_are_in_sight_in_their_order() -> None:
    assert names(split(page_of(a_school()))[0]) == ["backup", "deploy", "rollback", "check"]


def test_all_others_are_under_more_and_the_dangerous_ones_come_last() -> None:
    page = page_of(a_school())
    more = names(split(page)[1])
    assert {"restore", "import", "archive", "adopt", "tidy", "drill", "pause"} <= set(more)
    tones = [each.classes for each in page.all("a") if each.attributes.get("href", "") in split(page)[1]]
    assert tones == sorted(tones, key=lambda classes: "button-danger" in classes)


def test_more_is_a_disclosure_of_the_browser_itself() -> None:
    page = page_of(a_school())
    assert page.all("li", "more")[0].text.startswith("More")
    below = page.html.partition('<li class="more">')[2]
    assert below.startswith("<details><summary>More</summary>")


def test_who_may_only_do_something_rare_has_it_in_sight() -> None:
    user = make_user("smsops.view_environment", "backups.tidy_vault")
    foremost, more = split(page_of(a_school(), user))
    assert (names(foremost), more) == (["tidy"], [])


def test_who_may_only_look_gets_neither_buttons_nor_more_of_them() -> None:
    page = page_of(a_school(), make_viewer())
    assert page.doors == []


def test_why_the_buttons_in_sight_are_off_is_said_once_below_them() -> None:
    environment = a_school()
    make_run(environment, title="The first one", state=RunState.RUNNING)
    said = [each.text for each in page_of(environment).all("p", "obstacle")]
    assert len(said) == 1
    assert said[0].startswith("“The first one” (run ")


def test_why_a_button_under_more_is_off_is_said_beneath_it() -> None:
    environment = make_environment()
    page = page_of(environment, DOORS["restore the latest"].user("smsops.check_environment"))
    assert "More Restore… There is no good backup yet." in page.text


def test_a_page_without_foremost_buttons_shows_all_of_them() -> None:
    buttons = [Button("Verify", "/verify/"), Button("Restore…", "/restore/", "danger")]
    assert (row(buttons).foremost, row(buttons).more) == (tuple(buttons), ())


def test_a_dozen_buttons_that_wait_for_the_same_run_ask_for_it_once() -> None:
    environment = a_school()
    run = make_run(environment, kind="deploy", state=RunState.RUNNING, exclusive=True)
    with CaptureQueriesContext(connection) as asked:
        page = page_of(environment)
    assert page.text.count(f"(run {run.pk}) is under way") >= 1
    assert len([each for each in asked if '"smsops_run"."exclusive"' in each["sql"].partition(" WHERE ")[2]]) == 1


def test_what_is_asked_once_is_asked_anew_on_the_next_page() -> None:
    environment = make_environment()
    with plan.asked_once():
        assert plan.active_exclusive(environment) is None
        run = make_run(environment, kind="deploy", state=RunState.RUNNING, exclusive=True)
        assert plan.active_exclusive(environment) is None
    assert plan.active_exclusive(environment) == run
