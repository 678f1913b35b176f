"""A run's page: its steps, live while it goes on, and the commands by hand when smsops could not undo it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from smsops.models import Run, RunState, Step, StepState
from tests.admin.browser import Browser, Page
from tests.factories import make_admin, make_backup, make_run, make_step, make_user, make_viewer

pytestmark = pytest.mark.django_db


def live_address(run: Run) -> str:
    return reverse("admin:smsops_run_live", args=[run.pk])


def shown(run: Run) -> Page:
    page = Browser(make_viewer()).get(run.get_absolute_url())
    assert page.status == 200
    return page


def steps_of(page: Page) -> list[str]:
    return [each.text for each in page.all("li", "step")]


def test_every_step_is_shown_in_order_with_its_state_and_time() -> None:
    run = make_run()
    make_step(run, title="Take a snapshot", work_seconds=0.8, output="52.4 MB copied")
    make_step(run, title="Store it", state=StepState.SKIPPED, started_at=None)
    page = shown(run)
    assert steps_of(page) == ["Done Take a snapshot 0.8 s 52.4 MB copied", "Skipped Store it"]
    assert "2 of 2" in page.one("progress").text


def test_a_step_that_goes_on_shows_live_what_it_has_said_so_far() -> None:
    run = make_run(state=RunState.RUNNING)
    step = make_step(run, title="Build the image", state=StepState.RUNNING, output="Step 1/9 : FROM <scratch>")
    browser = Browser(make_viewer())
    assert "Step 1/9 : FROM &lt;scratch&gt;" in browser.client.get(live_address(run)).json()["html"]
    Step.objects.filter(pk=step.pk).update(output="Step 1/9 : FROM <scratch>\nStep 2/9 : RUN npm ci")
    assert "Step 2/9 : RUN npm ci" in browser.client.get(live_address(run)).json()["html"]


def test_a_failed_step_says_why() -> None:
    run = make_run(state=RunState.UNDONE, headline="It did not become healthy. Everything was undone.")
    make_step(run, title="Start SMS", state=StepState.FAILED, error="SMS is in a crash loop.")
    page = shown(run)
    assert page.one("p", "step-error").text == "SMS is in a crash loop."
    assert "Failed and undone It did not become healthy. Everything was undone." in page.one("p", "verdict").text


def test_a_step_that_lost_its_worker_says_so() -> None:
    run = make_run()
    make_step(run, interruptions=2)
    assert "worker lost 2" in steps_of(shown(run))[0]


def test_the_checks_of_a_step_are_listed_with_their_fixes() -> None:
    run = make_run()
    check = {"verdict": "fail", "title": "Secrets", "detail": "SECRET_KEY is weak.", "fix": "Make a new one."}
    make_step(run, result={"checks": [check]}, output="not shown twice")
    page = shown(run)
    assert "fail Secrets SECRET_KEY is weak. Make a new one." in page.one("ul", "checks").text
    assert "not shown twice" not in page.text


def test_what_goes_on_now_is_said_while_it_goes_on() -> None:
    run = make_run(state=RunState.RUNNING)
    make_step(run)
    make_step(run, title="Wait for SMS", state=StepState.WAITING, progress="3 s: not ready")
    page = shown(run)
    assert page.one("p", "now").text == "Wait for SMS 3 s: not ready"
    assert page.one("progress").text == "1 of 2"
    assert "3 s: not ready" in steps_of(page)[1]


def test_how_long_it_still_takes_is_told_by_the_last_time() -> None:
    began = timezone.now() - timedelta(seconds=30)
    run = make_run(state=RunState.RUNNING, kind="deploy", started_at=began, finished_at=None)
    make_step(run)
    make_step(run, state=StepState.WAITING, title="Wait for SMS")
    assert "Step 2 of 2 · never done here before" in shown(run).text
    make_run(run.environment, kind="deploy", started_at=began, finished_at=began + timedelta(seconds=60))
    make_run(run.environment, kind="backup", started_at=began, finished_at=began + timedelta(seconds=5))
    page = shown(run)
    assert re.search(r"Step 2 of 2 · about (30|[12]\d) s left", page.text)
    assert int(page.one("progress").attributes["value"]) == pytest.approx(55, abs=8)


@pytest.mark.parametrize("state", [RunState.UNDOING, RunState.SUCCEEDED, RunState.SAFE])
def test_no_time_is_left_of_what_is_over_or_being_undone(state: RunState) -> None:
    page = shown(make_run(state=state))
    assert not page.all("span", "remains")


def test_the_buttons_go_with_what_can_be_done_while_one_looks() -> None:
    run = make_run(state=RunState.RUNNING)
    browser = Browser(make_admin())
    assert "Cancel" in browser.client.get(live_address(run)).json()["html"]
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED)
    assert "Cancel" not in browser.client.get(live_address(run)).json()["html"]


def test_nothing_goes_on_when_it_is_over() -> None:
    run = make_run(state=RunState.CANCELLED)
    make_step(run, state=StepState.PENDING, started_at=None)
    assert not shown(run).all("p", "now")


@pytest.mark.parametrize(("state", "finished"), [(RunState.RUNNING, "no"), (RunState.SUCCEEDED, "yes")])
def test_the_page_tells_its_script_whether_to_go_on_asking(state: RunState, finished: str) -> None:
    run = make_run(state=state)
    page = shown(run)
    box = next(each for each in page.all("div") if each.attributes.get("id") == "live")
    assert box.attributes["data-finished"] == finished
    assert box.attributes["data-url"] == live_address(run)
    assert any(each.attributes.get("src", "").endswith("smsops/live.js") for each in page.all("script"))


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.UNDOING, RunState.SUCCEEDED, RunState.NEEDS_HUMAN])
def test_the_live_view_gives_the_part_that_changes_and_whether_it_is_over(state: RunState) -> None:
    run = make_run(state=state)
    make_step(run, title="Take a snapshot")
    answer = Browser(make_viewer()).client.get(live_address(run))
    assert answer.headers["Content-Type"] == "application/json"
    assert set(answer.json()) == {"html", "said", "finished"}
    assert "Take a snapshot" in answer.json()["html"]
    assert answer.json()["finished"] is run.finished


def test_the_live_view_is_what_the_page_shows() -> None:
    run = make_run(state=RunState.NEEDS_HUMAN, facts={"by_hand": ["docker start sms-app"]})
    make_step(run, state=StepState.STUCK, error="no")
    browser = Browser(make_viewer())
    fresh = browser.client.get(live_address(run)).json()["html"]
    strip = [line.strip() for line in fresh.splitlines() if "<time" not in line and line.strip()]
    page = [line.strip() for line in browser.get(run.get_absolute_url()).html.splitlines()]
    assert not [line for line in strip if line not in page]


def test_the_live_view_is_closed_to_who_may_not_see_runs() -> None:
    run = make_run()
    assert Browser(make_user("smsops.view_environment")).get(live_address(run)).status in (403, 404)
    assert Browser().get(live_address(run)).address.startswith(reverse("admin:login"))


def test_the_live_view_of_no_run_is_not_found() -> None:
    assert Browser(make_admin()).get(reverse("admin:smsops_run_live", args=[999_999])).status == 404


def test_the_page_of_no_run_leads_back() -> None:
    page = Browser(make_admin()).get(reverse("admin:smsops_run_change", args=[999_999]))
    assert page.address == reverse("admin:index")


def test_looking_live_changes_nothing_and_asks_little() -> None:
    run = make_run(state=RunState.RUNNING)
    for _ in range(12):
        make_step(run)
    browser = Browser(make_viewer())
    with CaptureQueriesContext(connection) as asked:
        browser.get(live_address(run))
    assert len(asked) <= 8  # the last one: which incidents, and so which looks at them, are not for everybody
    assert all(query["sql"].startswith("SELECT") for query in asked.captured_queries)


def test_a_run_that_needs_a_person_gives_the_commands() -> None:
    commands = ["docker rename sms-app-before-r7 sms-app", "docker start sms-app"]
    run = make_run(state=RunState.NEEDS_HUMAN, facts={"by_hand": commands}, headline="The undo stopped.")
    page = shown(run)
    assert "This needs a person." in page.one("div", "alarm").text
    assert page.one("pre").text == " ".join(commands)


def test_no_other_verdict_speaks_of_a_person() -> None:
    for state in (RunState.SUCCEEDED, RunState.UNDONE, RunState.SAFE, RunState.CANCELLED):
        assert "This needs a person." not in shown(make_run(state=state)).text


def test_a_cancel_that_was_asked_for_is_shown_until_it_is_over() -> None:
    run = make_run(state=RunState.RUNNING, cancel_requested=True)
    assert "it stops after the present step" in shown(run).one("p", "alarm").text
    over = make_run(state=RunState.CANCELLED, cancel_requested=True)
    assert not shown(over).all("p", "alarm")


def test_a_cancel_past_the_point_of_no_return_says_so() -> None:
    run = make_run(state=RunState.RUNNING, cancel_requested=True)
    make_step(run, point_of_no_return=True, state=StepState.RUNNING)
    assert "the point of no return is passed" in shown(run).one("p", "alarm").text


def test_who_wanted_it_and_why_is_on_the_page() -> None:
    run = make_run(actor_name="maria", reason="before the exams")
    text = shown(run).text
    assert "by a person (maria)" in text
    assert "“before the exams”" in text


def test_a_run_leads_to_the_backup_it_took_or_is_about() -> None:
    backup = make_backup()
    taken = make_run(backup.environment, facts={"backup.catalogue": {"backup": backup.pk}})
    backup.run = taken
    backup.save()
    restore = make_run(backup.environment, kind="restore", params={"backup": backup.pk})
    link = [each for each in shown(taken).all("a") if each.attributes.get("id") == "its-backup"]
    assert [(each.text, each.attributes["href"]) for each in link] == [("Open the backup", backup.get_absolute_url())]
    link = [each for each in shown(restore).all("a") if each.attributes.get("id") == "its-backup"]
    assert [(each.text, each.attributes["href"]) for each in link] == [(str(backup), backup.get_absolute_url())]
    stranger = Browser(make_user("smsops.view_run", "smsops.view_environment")).get(taken.get_absolute_url())
    assert "its-backup" not in stranger.html


def test_the_live_view_brings_the_buttons_that_are_still_there() -> None:
    run = make_run(state=RunState.RUNNING)
    browser = Browser(make_admin())
    assert "/do/cancel/" in browser.client.get(live_address(run)).json()["html"]
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED)
    assert "/do/" not in browser.client.get(live_address(run)).json()["html"]
