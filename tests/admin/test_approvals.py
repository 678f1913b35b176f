"""The second person in the admin: what waits is seen, decided by who may, and what was decided stays to be read."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from incidents.models import Incident
from smsops.models import Approval, Environment, Run, RunState
from tests.admin.browser import Browser, Page, changelist, door, everything
from tests.admin.doors import DOORS, REASON
from tests.admin.scenes import a_waiting_run, its_older_release
from tests.factories import make_admin, make_environment, make_run, make_user, make_viewer

pytestmark = pytest.mark.django_db


def page_of(run: Run, user: Any = None) -> Page:
    return Browser(user or make_viewer()).get(run.get_absolute_url())


def press(name: str, run: Run, **changes: str) -> Page:
    """Fill in the form of that button, and send it."""
    button = DOORS[name]
    return Browser(button.user()).post(button.address(run), **{**button.form(run), **changes})


def warned(page: Page) -> list[str]:
    """What the page warns of in sight."""
    return [each.text for each in page.all("p", "warning-line") if "hidden" not in each.attributes]


def test_a_run_that_waits_says_who_asked_and_why() -> None:
    page = page_of(a_waiting_run())
    (said,) = warned(page)
    assert "Waits for a second person until" in said
    assert "SMS is disturbed; maria asked for it" in said
    assert "“the exams begin”" in said


def test_only_who_may_decide_gets_the_buttons_and_only_while_it_waits() -> None:
    run = a_waiting_run()
    wanted = {door(run, name) for name in ("approve", "refuse", "break-glass")}
    assert wanted <= set(page_of(run, make_admin()).doors)
    assert not wanted & set(page_of(run).doors)
    over = make_run()
    assert not [link for link in page_of(over, make_admin()).doors if "approve" in link or "glass" in link]


def test_who_may_approve_may_not_break_the_glass_for_that() -> None:
    run, browser = a_waiting_run(), Browser(DOORS["approve"].user())
    assert door(run, "break-glass") not in browser.get(run.get_absolute_url()).doors
    before, form = everything(), DOORS["break the glass"].form(run)
    assert browser.post(door(run, "break-glass"), **form).status == 403
    assert everything() == before


def test_an_approved_run_is_queued_and_the_page_says_by_whom() -> None:
    run = a_waiting_run()
    assert press("approve", run).address == run.get_absolute_url()
    run.refresh_from_db()
    assert (run.state, run.approval.decision) == (RunState.QUEUED, "approved")
    assert f"Approved maria asked for it · {run.approval.decided_name} decided" in page_of(run).text


def test_the_confirmation_says_what_is_decided_on() -> None:
    run = a_waiting_run()
    button = DOORS["approve"]
    text = Browser(button.user()).get(button.address(run)).text
    assert f"maria asked for “{run.title}”: the exams begin" in text
    assert "What it may cost: sms is disturbed." in text.replace("SMS is disturbed", "sms is disturbed")
    assert "It does this, in order: " in text


def test_whoever_asked_cannot_approve_it_not_even_as_superuser() -> None:
    run, maria = a_waiting_run(), make_admin()
    Approval.objects.update(requested_by=maria, requested_name=maria.username)
    browser, before = Browser(maria), everything()
    assert "another person has to approve it" in browser.get(door(run, "approve")).text
    assert "another person has to approve it" in browser.post(door(run, "approve"), reason=REASON).text
    assert everything() == before


def test_a_changed_plan_is_told_on_the_page_and_ends_the_run_only_when_sent() -> None:
    run = a_waiting_run()
    run.environment.releases.filter(version="1.17.0").update(image_id="")
    browser, before = Browser(DOORS["approve"].user()), everything()
    assert "It is not any more what maria asked for" in browser.get(door(run, "approve")).text
    assert everything() == before
    browser.post(door(run, "approve"), reason="")
    run.refresh_from_db()
    assert (run.state, run.approval.decision) == (RunState.CANCELLED, "void")
    assert "Release 1.17.0 has no image here." in page_of(run).one("p", "verdict").text


def test_a_refusal_needs_a_reason_and_shows_it() -> None:
    run = a_waiting_run()
    assert "This field is required." in press("refuse", run, reason="").errors_of("Reason")
    press("refuse", run, reason="not on a Monday")
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert "not on a Monday" in page_of(run).one("p", "verdict").text


def test_broken_glass_is_loud_on_the_run_in_the_list_and_on_the_dashboard() -> None:
    run = a_waiting_run()
    press("break the glass", run)
    alarm = page_of(run).one("p", "alarm").text
    assert alarm.startswith("The glass was broken.")
    assert f"“{REASON}”" in alarm
    viewer = Browser(make_viewer())
    assert [each.text for each in viewer.get(changelist(Run)).all("span", "badge-bad")] == ["Glass broken"]
    title = f"The glass was broken at {run.environment.name}"
    assert title in viewer.get(reverse("admin:index")).text
    assert Incident.objects.get().title == title


def test_two_words_are_no_reason_to_break_the_glass() -> None:
    run = a_waiting_run()
    assert "at least 3 words" in press("break the glass", run, reason="because hurry").text
    run.refresh_from_db()
    assert (run.state, Incident.objects.exists()) == (RunState.PLANNED, False)


def test_the_dashboard_names_what_waits_and_leads_there() -> None:
    run = a_waiting_run()
    page = Browser(make_viewer()).get(reverse("admin:index"))
    assert "Waits for a second person" in page.text
    assert run.get_absolute_url() in page.links
    assert run.title not in Browser(make_user("smsops.view_environment")).get(reverse("admin:index")).text


def test_the_list_of_runs_can_be_reduced_to_those_that_wait() -> None:
    run, other = a_waiting_run(), make_run(title="Something else")
    page = Browser(make_viewer()).get(changelist(Run), approval__decision__exact="waiting")
    assert run.get_absolute_url().rstrip("/").rpartition("/")[0] in "".join(page.links)
    assert (run.title in page.text, other.title in page.text) == (True, False)


def test_before_it_is_asked_for_the_page_says_that_a_second_person_is_needed() -> None:
    release = its_older_release()
    button, said = DOORS["deploy a release"], "a second person has to approve it first"
    assert said not in Browser(button.user()).get(button.address(release)).text
    type(release.environment).objects.update(second_person="disturbing")
    assert said in Browser(button.user()).get(button.address(release)).text


@pytest.mark.parametrize("name", ["deploy", "deploy a release", "roll back"])
def test_it_says_why_as_well_also_where_the_release_is_chosen_on_the_page(name: str) -> None:
    button = DOORS[name]
    target, browser = button.prepare(), Browser(button.user())
    assert warned(browser.get(button.address(target))) == []
    Environment.objects.update(second_person="disturbing")
    (said,) = warned(browser.get(button.address(target)))
    assert "because SMS is disturbed" in said
    assert "where SMS is disturbed, or data is lost)" in said


def test_where_only_losses_want_a_second_person_a_deploy_says_nothing_of_one() -> None:
    button = DOORS["deploy"]
    target = button.prepare()
    Environment.objects.update(second_person="losing")
    assert "second person" not in Browser(button.user()).get(button.address(target)).text


def test_a_policy_is_one_of_those_there_are() -> None:
    environment = make_environment()
    environment.second_person = "sometimes"
    with pytest.raises(Exception, match="is not a valid choice"):
        environment.full_clean()
    assert not Run.objects.exists()
