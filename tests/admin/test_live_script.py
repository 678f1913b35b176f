"""A run's page in a real browser while the run goes on: nobody loses their place, and what is over is not offered."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from docs.pictures.browser import Browser
from smsops.models import Run, RunState, Step, StepState
from tests.factories import make_run, make_step

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEWS = "2 of 9 files copied"


@pytest.fixture
def run(window: Browser, root: str) -> Run:
    """One that goes on, with its page open."""
    found = make_run(state=RunState.RUNNING)
    make_step(found, title="Copy", state=StepState.RUNNING, output="1 of 9 files copied")
    window.open(root + found.get_absolute_url())
    return found


def news(window: Browser, run: Run) -> None:
    """Something happens, and the page shows it."""
    Step.objects.filter(run=run).update(output=NEWS)
    expect(window.page.get_by_text(NEWS)).to_be_visible()


def test_what_has_the_focus_keeps_it(window: Browser, run: Run) -> None:
    link = window.page.locator("#live").get_by_role("link", name=str(run.environment))
    link.focus()
    news(window, run)
    expect(link).to_be_focused()


def test_text_that_is_marked_to_be_copied_stays_marked_until_it_is_let_go(window: Browser, run: Run) -> None:
    window.run("getSelection().selectAllChildren(document.querySelector('.step-output'))")
    Step.objects.filter(run=run).update(output=NEWS)
    window.page.wait_for_timeout(2500)  # two rounds of the script: what must not happen has no sign to wait for
    assert window.run("getSelection().toString()") == "1 of 9 files copied"
    window.run("getSelection().removeAllRanges()")
    expect(window.page.get_by_text(NEWS)).to_be_visible()


def test_at_the_end_nothing_can_be_cancelled_and_nothing_jumps(window: Browser, run: Run) -> None:
    cancel, place = window.page.get_by_role("link", name="Cancel"), "document.querySelector('.run-head').offsetTop"
    before = window.run(place)
    expect(cancel).to_be_visible()
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED, headline="Nine files copied.")
    expect(window.page.get_by_text("Nine files copied.").first).to_be_visible()
    expect(cancel).to_have_count(0)
    assert window.run(place) == before


def test_a_screen_reader_is_told_what_goes_on_and_not_the_whole_page(window: Browser, run: Run) -> None:
    status = window.page.get_by_role("status")
    expect(status).to_have_text("Running: Copy")
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED, headline="Nine files copied.")
    expect(status).to_have_text("Succeeded: Nine files copied.")
    assert window.page.locator("[aria-live]").count() == 0
