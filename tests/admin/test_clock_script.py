"""The recovery clock in a real browser while it is kept fresh: nobody with a keyboard loses their place."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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


def anew(window: Browser, incident: Incident, focused: str) -> None:
    """Something happens, and the clock shows it; what has the focus is another node then, at the same place."""
    window.page.locator(focused).focus()
    window.run("document.activeElement.dataset.before = 'yes'")
    run = make_run(incident.environment, kind="restart", disturbs=True, title="Another restart")
    expect(window.page.locator("#clock").get_by_role("link", name=run.title)).to_be_visible()
    expect(window.page.locator("[data-before]")).to_have_count(0)
    expect(window.page.locator(focused)).to_be_focused()


def test_a_way_that_is_folded_in_keeps_the_focus(window: Browser, incident: Incident) -> None:
    anew(window, incident, "#way-restore > summary")


def test_a_button_keeps_the_focus_and_what_was_opened_stays_open(window: Browser, incident: Incident) -> None:
    window.page.locator("#way-restore > summary").click()
    anew(window, incident, "#go-restore")
    expect(window.page.locator("#way-restore")).to_have_attribute("open", "")


def test_a_link_keeps_the_focus(window: Browser, incident: Incident) -> None:
    anew(window, incident, f"#clock a[href='{Run.objects.get().get_absolute_url()}']")
