"""The recovery clock in a real browser while it is kept fresh: nobody with a keyboard loses their place."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from docs.pictures.browser import Browser
from incidents.models import Incident
from smsops.models import Run
from tests.factories import make_environment, make_run
from tests.incidents.clocks import away, seen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def incident(window: Browser, root: str) -> Incident:
    """An outage with several ways back, of which one was tried, with its page open."""
    found = away(make_environment(name="demo"), 5)
    seen(found, "restart", "restore", rollback_code={"open": True, "version": "1.17.0"})
    make_run(found.environment, kind="restart", disturbs=True, title="The first restart")
    window.open(root + found.get_absolute_url())
    return found


def anew(window: Browser, incident: Incident, focused: str) -> Locator:
    """Something happens while that has the focus, and the clock shows it; what is at its place is another node then."""
    window.page.locator(focused).focus()
    window.run("document.activeElement.dataset.before = 'yes'")
    run = make_run(incident.environment, kind="restart", disturbs=True, title="Another restart")
    expect(window.page.locator("#clock").get_by_role("link", name=run.title)).to_be_visible()
    expect(window.page.locator("[data-before]")).to_have_count(0)
    return window.page.locator(focused)


def test_a_way_that_is_folded_in_keeps_the_focus(window: Browser, incident: Incident) -> None:
    expect(anew(window, incident, "#way-restore > summary")).to_be_focused()


def test_a_button_keeps_the_focus_and_what_was_opened_stays_open(window: Browser, incident: Incident) -> None:
    window.page.locator("#way-restore > summary").click()
    expect(anew(window, incident, "#go-restore")).to_be_focused()
    expect(window.page.locator("#way-restore")).to_have_attribute("open", "")


def test_a_link_keeps_the_focus(window: Browser, incident: Incident) -> None:
    link = f"#clock a[href='{Run.objects.get().get_absolute_url()}']"
    expect(anew(window, incident, link)).to_be_focused()
