"""On a telephone what can wait until the morning is folded in; at a desk nothing is, and no key leads to a fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from docs.pictures.browser import PHONE, Browser
from tests.factories import make_admin
from tests.walks.full_pages import a_full_environment
from tests.walks.inspection import enter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES: dict[str, Callable[[], str]] = {
    "dashboard of one": lambda: reverse("admin:incidents_dashboard_of", args=[a_full_environment().name]),
    "environment": lambda: a_full_environment().get_absolute_url(),
}
# What is to be seen of each fold: its heading, what it holds, and whether a key leads to it.
FOLDS = """() => [...document.querySelectorAll(".fold > details")].map(each => {
  const [line, ...held] = each.children, seen = (it) => it.checkVisibility({ visibilityProperty: true });
  return [seen(line.querySelector("h2")), held.some(seen), (line.focus(), document.activeElement === line)];
})"""


def folds(window: Browser) -> list[list[bool]]:
    late = window.page.locator("#later[data-url]")
    if late.count():
        window.page.wait_for_selector("#later[data-came]", state="attached")
    found: list[list[bool]] = window.page.evaluate(FOLDS)
    assert len(found) > 3
    return found


@pytest.mark.parametrize("name", PAGES)
def test_what_can_wait_is_folded_in_on_a_telephone_and_opens_by_a_key(
    window: Browser, live_server: Any, name: str
) -> None:
    enter(window, str(live_server.url), make_admin())
    window.look(PHONE)
    window.open(str(live_server.url) + PAGES[name]())
    assert [each for each in folds(window) if each != [True, False, True]] == []
    window.enter()  # on the last
    assert folds(window)[-1] == [True, True, True]


@pytest.mark.parametrize("name", PAGES)
def test_at_a_desk_there_is_no_fold(window: Browser, live_server: Any, name: str) -> None:
    enter(window, str(live_server.url), make_admin())
    window.open(str(live_server.url) + PAGES[name]())
    assert [each for each in folds(window) if each != [True, True, False]] == []
