"""Buttons: a GET shows, a POST with permission does, and nobody else changes anything."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from incidents.models import Incident
from smsops.admin.actions import ActionsMixin
from smsops.models import Run, RunState, Trigger
from tests.admin.browser import Browser, door, everything
from tests.admin.doors import DOORS, EXCLUSIVE, MOVES, REASON, RUNS, Door, environment_of
from tests.admin.scenes import a_school
from tests.factories import (
    make_environment,
    make_run,
    make_step,
    make_user,
    make_viewer,
)

pytestmark = pytest.mark.django_db

TAKES = re.compile(r"never done here, so how long|not measured|the only time so far")

every_door = pytest.mark.parametrize("button", DOORS.values(), ids=DOORS)
# Whoever may change a row may see it; a verb's permission alone shows nothing.
every_verb = pytest.mark.parametrize(
    "button", [pytest.param(each, id=name) for name, each in DOORS.items() if ".change_" not in each.permission]
)
every_run = pytest.mark.parametrize("button", RUNS.values(), ids=RUNS)
every_exclusive = pytest.mark.parametrize("button", EXCLUSIVE.values(), ids=EXCLUSIVE)


def test_the_table_of_these_tests_has_every_button() -> None:
    pages = [page for page in admin.site._registry.values() if isinstance(page, ActionsMixin)]
    known = {(page.model.__name__, action.name) for page in pages for action in page.actions_of()}
    assert known == {(type(button.prepare()).__name__, button.name) for button in DOORS.values()}


@every_door
def test_a_get_shows_the_confirmation_and_changes_nothing(button: Door) -> None:
    target = button.prepare()
    browser = Browser(button.user())
    before = everything()
    page = browser.get(button.address(target))
    assert page.status == 200
    assert "What will happen" in page.text
    assert everything() == before


@every_door
def test_a_confirmation_says_what_will_happen(button: Door) -> None:
    target = button.prepare()
    page = Browser(button.user()).get(button.address(target))
    assert [line for line in page.all("ul", "notes") if line.text.strip()]
    assert "What the button says, and nothing else." not in page.text


@every_run
def test_a_confirmation_of_a_run_says_how_long_it_took_here(button: Door) -> None:
    target = button.prepare()
    browser, address, given = Browser(button.user()), button.address(target), button.form(target)
    assert TAKES.search(browser.get(address, **given).text)
    began = timezone.now() - timedelta(hours=1)
    took = {"started_at": began, "finished_at": began + timedelta(seconds=42)}
    run = make_run(environment_of(target), kind=button.kind, state=RunState.SUCCEEDED, **took)
    make_step(run, finished_at=took["finished_at"])
    assert "42 s" in browser.get(address, **given).text


@every_door
def test_a_filled_in_form_in_the_address_changes_nothing(button: Door) -> None:
    target = button.prepare()
    browser = Browser(button.user())
    before = everything()
    browser.get(button.address(target), **button.form(target))
    assert everything() == before


@every_door
def test_a_viewer_does_not_get_to_see_the_confirmation(button: Door) -> None:
    target = button.prepare()
    page = Browser(make_viewer()).get(button.address(target))
    assert page.status == button.refusal


@every_door
def test_a_post_without_the_permission_changes_nothing(button: Door) -> None:
    target = button.prepare()
    browser = Browser(make_viewer())
    before = everything()
    assert browser.post(button.address(target), **button.form(target)).status == button.refusal
    assert everything() == before


@every_verb
def test_the_permission_without_sight_of_the_object_is_not_enough(button: Door) -> None:
    target = button.prepare()
    browser = Browser(make_user(button.permission))
    before = everything()
    assert browser.post(button.address(target), **button.form(target)).status == 403
    assert everything() == before


@every_door
def test_a_post_from_another_site_changes_nothing(button: Door) -> None:
    target = button.prepare()
    browser = Browser(button.user(), enforce_csrf_checks=True)
    before = everything()
    assert browser.post(button.address(target), **button.form(target)).status == 403
    assert everything() == before


@every_door
def test_somebody_who_is_not_staff_is_sent_to_the_login(button: Door) -> None:
    target = button.prepare()
    browser = Browser(button.user(is_staff=False))
    before = everything()
    page = browser.post(button.address(target), **button.form(target))
    assert page.address.startswith(reverse("admin:login"))
    assert everything() == before


@every_run
def test_a_post_with_the_permission_queues_the_run_and_goes_to_its_page(button: Door) -> None:
    target = button.prepare()
    page = Browser(button.user()).post(button.address(target), **button.form(target))
    run = Run.objects.get(kind=button.kind, state=RunState.QUEUED)
    assert run.environment == environment_of(target)
    assert page.address == run.get_absolute_url()
    assert run.steps.exists()


@every_run
def test_the_run_records_who_wanted_it_why_and_how(button: Door) -> None:
    target, user = button.prepare(), button.user()
    Browser(user).post(button.address(target), **button.form(target))
    run = Run.objects.get(kind=button.kind, state=RunState.QUEUED)
    assert (run.actor, run.actor_name, run.reason, run.trigger) == (user, user.username, REASON, Trigger.MANUAL)


@every_run
def test_the_plan_that_is_shown_is_the_plan_that_runs(button: Door) -> None:
    target, browser = button.prepare(), Browser(button.user())
    plans = browser.get(button.address(target)).all("ol", "plan")
    browser.post(button.address(target), **button.form(target))
    run = Run.objects.get(kind=button.kind, state=RunState.QUEUED)
    for plan in plans:  # the choice of a release has no plan yet
        assert plan.text == " ".join(f"{step.title} {step.undo_note}" for step in run.steps.all())


@every_exclusive
def test_a_run_under_way_is_in_the_way_of_another_and_is_named(button: Door) -> None:
    target = button.prepare()
    first = make_run(environment_of(target), title="The first one", state=RunState.RUNNING)
    browser = Browser(button.user())
    before = everything()
    page = browser.post(button.address(target), **button.form(target))
    assert f"“The first one” (run {first.pk}) is under way" in page.text
    assert everything() == before


@pytest.mark.parametrize("name", [name for name in EXCLUSIVE if name != "restore a backup"])
def test_what_is_in_the_way_is_shown_instead_of_the_form(name: str) -> None:
    button = EXCLUSIVE[name]
    target = button.prepare()
    make_run(environment_of(target), title="The first one", state=RunState.QUEUED)
    page = Browser(button.user()).get(button.address(target))
    assert "“The first one”" in page.one("p", "alarm").text
    assert not page.all("form", "panel")


def test_a_double_click_starts_one_backup() -> None:
    environment, button = a_school(), DOORS["back up"]
    browser = Browser(button.user())
    browser.post(button.address(environment), reason="")
    assert browser.post(button.address(environment), reason="").status == 409
    assert Run.objects.filter(kind="backup").count() == 1


def test_a_run_at_another_environment_is_in_nobodys_way() -> None:
    make_run(state=RunState.RUNNING, title="Elsewhere")
    environment, button = a_school(), DOORS["back up"]
    Browser(button.user()).post(button.address(environment), reason="")
    assert Run.objects.filter(kind="backup", environment=environment).exists()


@pytest.mark.parametrize("button", MOVES.values(), ids=MOVES)
def test_an_incident_that_was_moved_says_who_did_it(button: Door) -> None:
    target, user = button.prepare(), button.user()
    before = target.state
    page = Browser(user).post(button.address(target), **button.form(target))
    moved = Incident.objects.get(pk=target.pk)
    assert page.address == target.get_absolute_url()
    assert moved.state != before
    assert moved.timeline.latest("pk").author == user.username


@pytest.mark.parametrize("name", ["resolve", "close", "reopen"])
def test_the_timeline_says_why_an_incident_was_moved(name: str) -> None:
    target, button = MOVES[name].prepare(), MOVES[name]
    Browser(button.user()).post(button.address(target), **button.form(target))
    assert REASON in Incident.objects.get(pk=target.pk).timeline.latest("pk").text


def test_a_move_that_the_table_does_not_have_is_refused() -> None:
    target, button = MOVES["close"].prepare(), MOVES["acknowledge"]
    page = Browser(button.user()).post(button.address(target), reason="x")
    assert page.status == 409
    assert "It is resolved." in page.text
    assert Incident.objects.get().state == "resolved"


def test_cancelling_sets_the_flag_and_says_what_it_means() -> None:
    target, button = DOORS["cancel"].prepare(), DOORS["cancel"]
    page = Browser(button.user()).client.post(button.address(target), {"reason": "x"}, follow=True)
    assert Run.objects.get().cancel_requested
    assert "It stops after the step it is in" in page.content.decode()


def test_a_run_that_is_over_cannot_be_cancelled() -> None:
    run, button = make_run(), DOORS["cancel"]
    page = Browser(button.user()).post(button.address(run), reason="x")
    assert page.status == 409
    assert "It is over." in page.text
    assert not Run.objects.get().cancel_requested


def test_importing_says_how_many_releases_are_known() -> None:
    environment, button = a_school(), DOORS["import releases"]
    page = Browser(button.user()).client.post(button.address(environment), {"reason": "x"}, follow=True)
    assert "2 releases are known now." in page.content.decode()


def test_an_action_nobody_knows_is_not_found() -> None:
    browser = Browser(make_user(is_superuser=True))
    assert browser.get(door(make_environment(), "explode")).status == 404
    assert browser.get(door(make_run(), "backup")).status == 404


def test_an_action_on_nothing_is_not_found() -> None:
    browser = Browser(make_user(is_superuser=True))
    assert browser.get(reverse("admin:smsops_environment_do", args=[999_999, "backup"])).status == 404


@pytest.mark.parametrize("name", ["acknowledge", "cancel"])
def test_the_reason_that_was_asked_for_goes_into_the_record(name: str) -> None:
    button = DOORS[name]
    target, browser = button.prepare(), Browser(button.user())
    browser.post(button.address(target), reason=REASON)
    assert REASON in browser.get(target.get_absolute_url()).text


def test_who_cancelled_a_run_is_on_its_page() -> None:
    button = DOORS["cancel"]
    run, user = button.prepare(), button.user()
    browser = Browser(user)
    browser.post(button.address(run), reason=REASON)
    page = browser.get(run.get_absolute_url())
    assert user.username in next(each.text for each in page.all("main"))


def test_a_planned_run_can_be_cancelled_or_is_at_least_not_called_over() -> None:
    button = DOORS["cancel"]
    page = Browser(button.user()).post(button.address(make_run(state=RunState.PLANNED)), reason="x")
    assert "is over" not in page.text
