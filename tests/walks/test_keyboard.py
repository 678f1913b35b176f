"""The keyboard alone suffices: Tab leads to everything there is, one sees where one is, and nothing holds one fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from docs.pictures.browser import DESK, Browser
from smsops.models import Run
from tests.admin.doors import DOORS
from tests.admin.scenes import a_school
from tests.factories import make_admin
from tests.walks.full_pages import (
    a_full_environment,
    a_run_under_way,
    an_incident,
    an_outage,
    many_environments,
)
from tests.walks.inspection import enter
from tests.walks.tabbing import complaints, press, stop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MORE = ".more > details > summary"


@pytest.fixture
def root(window: Browser, live_server: Any) -> str:
    """The address of the admin, to which somebody who may do everything is signed in."""
    address = str(live_server.url)
    enter(window, address, make_admin())
    return address


def _dashboard() -> str:
    many_environments()
    return reverse("admin:index")


def _list() -> str:
    a_full_environment()
    return reverse("admin:smsops_run_changelist")


def _of() -> str:
    return reverse("admin:incidents_dashboard_of", args=[a_full_environment().name])


KINDS: dict[str, Callable[[], str]] = {
    "dashboard": _dashboard,
    "dashboard of one": _of,
    "environment": lambda: a_full_environment().get_absolute_url(),
    "list with filters": _list,
    "list with actions": lambda: (make_admin(), reverse("admin:auth_user_changelist"))[1],
    "form": lambda: reverse("admin:smsops_environment_add"),
    "form with rows": lambda: reverse("admin:incidents_escalationpolicy_add"),
    "schedule": lambda: reverse("admin:django_celery_beat_periodictask_add"),
    "confirmation": lambda: DOORS["restore the latest"].address(a_school()),
    "run that goes on": lambda: a_run_under_way().get_absolute_url(),
    "incident": lambda: an_incident().get_absolute_url(),
    "outage": lambda: an_outage().get_absolute_url(),
    "objectives": lambda: reverse("admin:incidents_objectives_of", args=[a_school().name]),
    "runbook": lambda: reverse("admin:incidents_runbook_of", args=[a_school().name]),
    "my tokens": lambda: reverse("admin:smsops_my_tokens"),
    "your sign-ins": lambda: reverse("admin:sign_ins"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_tab_leads_to_everything_and_one_sees_where_one_is(window: Browser, root: str, kind: str) -> None:
    window.open(root + KINDS[kind]())
    assert complaints(window) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_first_key_leads_over_everything_to_the_content(window: Browser, root: str, dark: bool) -> None:
    window.look(DESK, dark=dark)
    window.open(root + a_school().get_absolute_url())
    first = press(window)
    assert first is not None
    assert (first.name, first.seen, first.marked) == ("a #content-start", True, True)
    window.enter()
    after = press(window)
    assert after is not None
    assert window.run("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_more_opens_by_a_key_and_tab_leads_into_it_and_out_again(window: Browser, root: str, key: str) -> None:
    window.open(root + a_school().get_absolute_url())
    window.page.focus(MORE)
    press(window, key)
    (entry, *_) = entries = window.page.locator(".more ul a").all()
    assert entry.is_visible()
    press(window)
    assert entry.evaluate("each => each === document.activeElement")
    for _ in entries:
        press(window)
    assert not window.run("document.querySelector('.more').contains(document.activeElement)")
    assert (found := stop(window)) is not None
    assert found.seen, f"{found.name} lies below the menu"


def test_escape_shuts_more_and_leads_back_to_it(window: Browser, root: str) -> None:
    window.open(root + a_school().get_absolute_url())
    window.page.focus(MORE)
    window.enter()
    press(window)
    press(window, "Escape")
    assert not window.page.locator(".more ul a").first.is_visible()
    assert window.run(f"document.querySelector('{MORE}') === document.activeElement")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_what_is_folded_in_opens_by_a_key(window: Browser, root: str, key: str) -> None:
    window.open(root + DOORS["restore the latest"].address(a_school()))
    window.page.focus("#content details > summary")
    press(window, key)
    assert window.page.locator("ol.plan").is_visible()


def test_a_run_that_goes_on_takes_the_focus_from_nobody(window: Browser, root: str) -> None:
    run = a_run_under_way()
    window.open(root + run.get_absolute_url())
    link = window.page.locator("#live a").first
    link.focus()
    Run.objects.filter(pk=run.pk).update(headline="News of it.")
    window.page.locator("#live").get_by_text("News of it.").wait_for()
    assert window.run("document.activeElement.closest('#live') !== null")
    assert (found := stop(window)) is not None
    assert found.tag == "A"


def test_the_walk_finds_what_is_out_of_reach_unmarked_and_out_of_order(window: Browser, root: str) -> None:
    window.open(root + reverse("admin:sign_ins"))
    assert complaints(window) == []
    window.run("""() => {
      const [first, second] = document.querySelectorAll(".rooms a");
      first.tabIndex = 1;
      document.querySelector("#user-tools").style.order = "-1";
      second.style.outline = "none";
      const trap = document.createElement("button");
      trap.textContent = "Trap";
      trap.addEventListener("keydown", event => event.preventDefault());
      document.querySelector("main").append(trap);
    }""")
    found = " ".join(complaints(window))
    for each in ("Tab does not lead to", "nothing marks", "leads back to", "never out again"):
        assert each in found
