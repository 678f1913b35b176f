"""What is running: its step, how far it is by the time it took before, live without reloading."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from incidents.dashboard import running
from incidents.dashboard.running import Under
from smsops.models import Run, RunState
from tests.admin.browser import Browser
from tests.dashboard.pages import a_well_environment, dashboard, dashboard_of, section
from tests.factories import make_admin, make_incident, make_run, make_step, make_user, make_viewer

pytestmark = pytest.mark.django_db


def begun(ago: float, **fields: object) -> Run:
    """A deploy that began so many seconds ago."""
    at = timezone.now() - timedelta(seconds=ago)
    environment = fields.pop("environment", None) or a_well_environment()
    named = {"kind": "deploy", "title": "Deploy 1.19.0", "state": "running", "started_at": at, **fields}
    return make_run(environment, **named)  # type: ignore[arg-type]


def took(run: Run, seconds: float) -> None:
    """The last one there took so long."""
    at = timezone.now() - timedelta(hours=1)
    make_run(run.environment, kind=run.kind, created_at=at, started_at=at, finished_at=at + timedelta(seconds=seconds))


def under() -> Under:
    (found,) = running.read(make_admin()).runs
    return found


def test_the_step_it_is_in_is_named_with_what_it_says() -> None:
    run = begun(3)
    make_step(run)
    make_step(run, title="Start the new SMS", state="running", progress="not ready yet", finished_at=None)
    make_step(run, state="pending", started_at=None, finished_at=None)
    told = section(dashboard(), "Running now")
    assert "Start the new SMS: not ready yet · step 2 of 3" in told


def test_the_time_left_is_by_the_last_one_that_succeeded_there() -> None:
    run = begun(30)
    took(run, 60)
    make_run(run.environment, kind="deploy", state=RunState.SAFE, started_at=timezone.now())
    found = under().remaining
    assert found.expected == pytest.approx(60)
    assert found.share == pytest.approx(55, abs=8)
    assert re.fullmatch("about (30|[12].) s left", found.text)


def test_what_takes_longer_than_the_last_time_says_so_and_is_not_at_its_end() -> None:
    took(begun(90), 60)
    assert under().remaining.share == 99
    assert re.fullmatch("[34]. s longer than the last time", under().remaining.text)


def test_what_was_never_done_before_goes_by_its_steps() -> None:
    run = begun(5)
    make_step(run)
    make_step(run, state="pending")
    found = under().remaining
    assert (found.share, found.text) == (50, "never done here before")


def test_without_a_worker_it_waits() -> None:
    begun(0, state="queued", started_at=None)
    assert under().remaining.text == "waits for a worker"


def test_many_are_counted() -> None:
    for _ in range(12):
        begun(1, exclusive=False)
    assert section(dashboard(), "Running now").startswith("Running now 12")


def test_the_dashboard_of_one_shows_its_own_runs() -> None:
    here = begun(1).environment
    begun(1, title="Deploy elsewhere")
    told = section(dashboard_of(here), "Running now")
    assert ("Deploy 1.19.0" in told, "elsewhere" in told) == (True, False)


def test_a_run_about_a_private_incident_is_shown_only_to_who_may_see_it() -> None:
    hidden = make_incident(a_well_environment(), private=True)
    for number, title in ((hidden.pk, "Look at what is hidden"), (hidden.pk + 1, "Look at what is open")):
        begun(1, kind="evidence", title=title, params={"incident": number}, exclusive=False)
    assert "Look at what is hidden" in section(dashboard(make_admin()), "Running now")
    told = section(dashboard(make_viewer()), "Running now")
    assert ("hidden" in told, "Look at what is open" in told) == (False, True)


def live(browser: Browser, mark: str = "") -> HttpResponse:
    headers = {"If-None-Match": mark} if mark else {}
    found: HttpResponse = browser.client.get(reverse("admin:incidents_dashboard_live"), headers=headers)  # type: ignore[assignment]
    return found


def test_while_only_time_passes_nothing_is_sent_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    run, browser = begun(3), Browser(make_viewer())
    took(run, 60)
    first = live(browser)
    Run.objects.filter(pk=run.pk).update(next_tick_at=timezone.now())
    later = timezone.now() + timedelta(seconds=20)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert live(browser, first.headers["ETag"]).status_code == 304


def test_a_new_step_is_sent() -> None:
    run, browser = begun(3), Browser(make_viewer())
    mark = live(browser).headers["ETag"]
    make_step(run, state="running", title="Start the new SMS")
    answer = live(browser, mark)
    assert answer.status_code == 200
    assert "Start the new SMS" in answer.json()["html"]  # type: ignore[attr-defined]
    assert "Running: Deploy 1.19.0." in answer.json()["said"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("part", ["live", "later"])
def test_who_may_not_see_environments_is_sent_nothing(part: str) -> None:
    browser = Browser(make_user("smsops.view_run"))
    assert browser.client.get(reverse(f"admin:incidents_dashboard_{part}")).status_code == 403
