"""The recovery clock on an incident's page: for who may, a button that fills everything in; it opens whatever hangs."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.models import Incident
from smsops.models import RunState
from tests.admin.browser import Browser, everything
from tests.admin.test_escaping import EVIL
from tests.factories import make_environment, make_run, make_step, make_user, make_viewer, make_watch
from tests.incidents.clocks import ago, away, seen, took
from tests.incidents.servers import mute

pytestmark = pytest.mark.django_db

AT_ONCE = 0.3  # seconds of this process: how long it waits for others is measured by whether it asked any


def an_outage(minutes: float = 5) -> Incident:
    incident = away(make_environment(name="demo"), minutes)
    seen(incident, "restart", rollback_code={"open": True, "version": "1.17.0"})
    return incident


def live(incident: Incident) -> str:
    return reverse("admin:incidents_incident_clock", args=[incident.pk])


def test_who_may_gets_a_button_for_each_open_way_with_everything_filled_in() -> None:
    incident = an_outage()
    page = Browser(
        make_user("incidents.view_incident", "smsops.restart_environment", "smsops.rollback_environment")
    ).get(incident.get_absolute_url())
    way = reverse("admin:smsops_environment_do", args=[incident.environment_id, "rollback"])
    restart = reverse("admin:smsops_environment_do", args=[incident.environment_id, "restart"])
    assert [link for link in page.doors if "environment" in link][:2] == [
        restart,
        f"{way}?strategy=code&version=1.17.0",
    ]
    assert page.text.index("Recovery clock") < page.text.index("At first sight")
    assert "left of 20 min" in page.text
    assert "reckoned at" in page.text


def test_who_only_looks_gets_the_command_to_pass_on() -> None:
    page = Browser(make_viewer()).get(an_outage().get_absolute_url())
    assert page.doors == []
    assert "Somebody who may do it: ops restart demo" in page.text


def test_looking_changes_nothing_and_who_may_not_see_incidents_sees_no_clock() -> None:
    incident = an_outage()
    viewer, other, stranger = Browser(make_viewer()), Browser(make_user("smsops.view_run")), Browser()
    before = everything()
    assert "Recovery clock" in viewer.get(live(incident)).response.json()["html"]
    assert (other.get(live(incident)).status, stranger.get(live(incident)).status) == (404, 302)
    assert everything() == before


def test_the_part_that_is_kept_fresh_stays_the_same_while_nothing_happens() -> None:
    incident = an_outage()
    browser = Browser(make_viewer())
    first = browser.get(live(incident)).response.json()
    assert (browser.get(live(incident)).response.json(), first["finished"]) == (first, False)
    make_watch(incident.environment, since=ago(seconds=20))
    assert "SMS answers again since" in browser.get(live(incident)).response.json()["html"]


def test_when_nothing_fits_the_page_says_what_to_do() -> None:
    page = Browser(make_viewer()).get(an_outage(30).get_absolute_url())
    assert (
        "Tell those who wait, now and with a time (communications: nobody is named)." in page.one("div", "alarm").text
    )
    assert "Take the fastest all the same: Restart." in page.text


def test_what_is_under_way_is_shown_instead_of_what_could_be() -> None:
    incident = an_outage()
    took(incident.environment, "restart", 40)
    run = make_run(incident.environment, kind="restart", title="Restart demo", state=RunState.RUNNING, disturbs=True)
    make_step(run)
    make_step(run, title="Wait until SMS is healthy", state="waiting")
    page = Browser(make_viewer()).get(incident.get_absolute_url())
    assert "Wait until SMS is healthy" in page.text
    assert "Expected: took 40 s the only time it was done here; so it ends at about" in page.text
    assert "recommended" not in page.text


def test_whatever_was_found_is_shown_as_text() -> None:
    incident = away(make_environment(title=EVIL), 5)
    seen(incident, restart={"open": True, "why": EVIL, "costs": [EVIL], "problem": EVIL}, restore={"why": EVIL})
    page = Browser(make_viewer()).get(incident.get_absolute_url())
    assert not [each for each in page.elements if "onerror" in each.attributes]
    assert page.text.count("onerror=alert(1)") >= 4


def test_the_page_opens_at_once_although_the_engine_hangs(settings: Any) -> None:
    with mute() as engine:
        settings.SMSOPS_DOCKER_HOST = engine.url.replace("http", "tcp")
        incident = away(make_environment(runtime="docker", volume="sms_data", data_path="", releases_path=""), 5)
        seen(incident, "restart")
        browser = Browser(make_user("incidents.view_incident", is_superuser=True))
        browser.get(incident.get_absolute_url())
        assert any(opened(browser, incident) < AT_ONCE for _ in range(15))
        assert not engine.asked.is_set()


def opened(browser: Browser, incident: Incident) -> float:
    began = time.process_time()
    assert browser.get(incident.get_absolute_url()).status == 200
    return time.process_time() - began


def test_the_pages_questions_do_not_grow_with_what_was_done() -> None:
    incident, browser = an_outage(), Browser(make_viewer())
    few = questions(browser, incident)
    for _ in range(12):
        make_run(incident.environment, kind="restart", disturbs=True)
    took(incident.environment, "restore", *range(20, 60))
    assert questions(browser, incident) == few


def questions(browser: Browser, incident: Incident) -> int:
    browser.get(incident.get_absolute_url())
    with CaptureQueriesContext(connection) as found:
        assert browser.get(incident.get_absolute_url()).status == 200
    return len(found)
