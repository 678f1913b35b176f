"""A run's page in a real browser while the run goes on: nothing jumps, and it does not pretend to be fresh."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from docs.pictures.browser import Browser
from smsops.models import Run, RunState, Step, StepState
from smsops.signin import sessions
from tests.factories import make_run, make_step

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def going_on(transactional_db: None) -> Run:
    run = make_run(state=RunState.RUNNING, finished_at=None)
    make_step(run, state=StepState.RUNNING, title="Build the image", output="Step 1/9")
    return run


def test_what_has_the_focus_keeps_it_until_the_end_and_then_nothing_can_be_cancelled(
    window: Browser, root: str, going_on: Run
) -> None:
    window.open(root + going_on.get_absolute_url())
    window.page.locator("#live .run-head a").focus()
    Step.objects.filter(run=going_on).update(output="Step 1/9\nStep 2/9")
    window.page.get_by_text("Step 2/9").wait_for()
    assert window.run("document.activeElement.innerText") == str(going_on.environment)
    assert window.page.get_by_role("link", name="Cancel").count() == 1
    Run.objects.filter(pk=going_on.pk).update(state=RunState.SUCCEEDED, finished_at=timezone.now())
    window.page.locator(".verdict .badge", has_text="Succeeded").wait_for()
    assert window.run("document.activeElement.innerText") == str(going_on.environment)
    assert window.page.title().startswith("Succeeded: ")
    assert window.page.get_by_role("link", name="Cancel").count() == 0


def test_without_an_answer_it_says_that_it_may_be_old(window: Browser, root: str, going_on: Run) -> None:
    window.open(root + going_on.get_absolute_url())
    assert not window.page.locator("#live-lost").is_visible()
    window.page.route("**/live/", lambda route: route.abort())
    window.page.locator("#live-lost").wait_for()
    window.page.unroute("**/live/")
    window.page.locator("#live-lost").wait_for(state="hidden")


def test_whose_session_is_over_comes_to_the_sign_in(
    window: Browser, root: str, going_on: Run, admin_user: User
) -> None:
    window.open(root + going_on.get_absolute_url())
    sessions.end_all(admin_user, "It is late.")
    window.page.locator("#login-form").wait_for()
    assert going_on.get_absolute_url() in window.page.url
