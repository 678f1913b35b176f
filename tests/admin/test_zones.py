"""Everybody reads, and types, times in a zone of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib import messages
from django.contrib.admin import site as admin_site
from django.contrib.auth.models import User
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.forms.renderers import get_default_renderer
from django.forms.utils import ErrorList
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from backups.models import OwnBackups
from incidents.models import Silence
from incidents.objectives import trends
from smsops.admin import site
from smsops.models import AuditEntry, OwnSettings
from tests.admin.browser import Browser, change_page, door
from tests.admin.scenes import a_followed_school, a_paused_school
from tests.factories import (
    make_admin,
    make_environment,
    make_incident,
    make_postmortem,
    make_run,
    make_silence,
    make_viewer,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past one in the morning of the second in Athens


def living_in(zone: str, user: User | None = None) -> Browser:
    """Somebody with that zone, who has signed in since."""
    user = user or make_admin()
    OwnSettings.objects.create(user=user, time_zone=zone)
    return Browser(user)


def exact(browser: Browser, row: Any) -> list[str]:
    return [each.attributes.get("title", "") for each in browser.get(change_page(row)).all("time")]


def test_a_run_is_told_in_the_readers_zone() -> None:
    run = make_run(created_at=AT)
    assert "2026-07-02 01:30:00 EEST" in exact(living_in("Europe/Athens"), run)
    assert "2026-07-01 18:30:00 EDT" in exact(living_in("America/New_York"), run)


def test_who_has_set_nothing_reads_the_installations() -> None:
    assert "2026-07-01 22:30:00 UTC" in exact(Browser(make_admin()), make_run(created_at=AT))


def test_a_moment_in_a_sentence_is_told_in_it_too() -> None:
    run = make_run(headline="The data is from 2026-07-01 22:30:09 UTC & well.")
    page = living_in("Europe/Athens").get(change_page(run))
    assert "The data is from 2026-07-02 01:30:09 EEST & well." in page.text
    assert "2026-07-01 22:30:09 UTC" in [each.attributes.get("title") for each in page.all("time")]


def test_a_success_is_told_in_it() -> None:
    user = make_admin()
    request = RequestFactory().get("/")
    request.user, request.session = user, SessionStore()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    messages.success(request, "The commits there reach to 2026-07-01 22:30:00 UTC & <no> further.")
    with timezone.override("Europe/Athens"):
        html = render_to_string("admin/base_site.html", admin_site.each_context(request), request)
    assert ">2026-07-02 01:30:00 EEST</time> &amp; &lt;no&gt; further." in html


def test_a_refusal_beside_a_field_and_one_above_the_form_are_told_in_it() -> None:
    said = "2026-07-01 22:30 UTC is yet to come <b>."
    with timezone.override("Europe/Athens"):
        drawn = str(ErrorList([said], renderer=get_default_renderer()))
    assert ">2026-07-02 01:30 EEST</time> is yet to come &lt;b&gt;." in drawn
    page = living_in("Europe/Athens").post(door(a_followed_school(), "restore-to"), at="2026-07-02T01:30:00",
                                           typed_name="demo", reason="x")  # fmt: skip
    assert "2026-07-02 01:30:00 EEST cannot be reached" in page.text


def test_what_is_wrong_is_told_in_it_on_the_dashboard() -> None:
    make_environment()
    since = timezone.now() - timedelta(days=1)
    OwnBackups.objects.create(pk=OwnBackups.ONE, taken_at=since, failing_since=since, problem="The disk is full.")
    page = living_in("Asia/Kathmandu").get(reverse("admin:index"))
    told = f"{since.astimezone(ZoneInfo('Asia/Kathmandu')):%Y-%m-%d %H:%M} +0545"
    assert f"cannot be backed up since {told}: The disk is full." in page.text
    assert "UTC: The disk is full." not in page.text


def test_the_live_runbook_is_told_in_it_and_its_markdown_in_utc() -> None:
    environment, browser = a_paused_school(), living_in("Asia/Kathmandu")
    until = environment.schedule.paused_until
    assert until is not None
    where = reverse("admin:incidents_runbook_of", args=[environment.name])
    told = f"{until.astimezone(ZoneInfo('Asia/Kathmandu')):%Y-%m-%d %H:%M} +0545"
    assert f"paused until {told}: the school moves" in browser.get(where).text
    assert f"paused until {until:%Y-%m-%d %H:%M} UTC: the school moves" in browser.get(where, **{"as": "md"}).html


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("At 2026-07-01 22:30 UTC.", "At 2026-07-02 01:30 EEST."),
        ("At 2026-07-01 22:30:01.123 UTC.", "At 2026-07-02 01:30:01.123 EEST."),
        ("At 2026-02-31 22:30 UTC.", "At 2026-02-31 22:30 UTC."),
        ("At 9999-12-31 23:30 UTC.", "At 9999-12-31 23:30 UTC."),
        ("<b> 2026-07-01 UTC", "&lt;b&gt; 2026-07-01 UTC"),
    ],
)
def test_only_moments_are_told_anew(said: str, shown: str) -> None:
    with timezone.override("Europe/Athens"):
        drawn = Template("{% load smsops_ui %}{{ said|moments|striptags }}").render(Context({"said": said}))
    assert drawn == shown


def test_a_time_is_typed_in_it() -> None:
    silence, browser = make_silence(), living_in("Europe/Athens")
    form = {"environment": silence.environment.pk, "match": '{"alertname": "Slow"}', "reason": "we know",
            "starts_at": "2026-07-01T01:30:00", "ends_at": "2026-07-02T01:30:00"}  # fmt: skip
    page = browser.post(reverse("admin:incidents_silence_add"), **form)
    assert page.status == 302, page.text
    assert Silence.objects.latest("pk").ends_at == AT


def test_what_is_kept_says_utc_whoever_did_it() -> None:
    incident = make_incident(detected_at=AT)
    browser = living_in("Europe/Athens")
    page = browser.post(door(incident, "clock"), clock="began_at", to="2026-07-02T01:00:00", reason="seen before")
    assert page.status == 302, page.text
    assert "to 2026-07-01 22:00:00 UTC. seen before" in incident.timeline.get(author=str(browser.user)).text


def test_a_post_mortems_date_is_kept_so_too() -> None:
    postmortem, browser = make_postmortem(), living_in("Europe/Athens")
    browser.post(door(postmortem, "due"), due_at="2026-07-02T01:30", reason="holidays")
    postmortem.refresh_from_db()
    assert postmortem.due_at == AT
    assert postmortem.incident.timeline.filter(text__contains="is due 2026-07-01 22:30 UTC").exists()


def test_a_month_is_the_installations_for_everybody() -> None:
    with timezone.override("Pacific/Auckland"):
        assert trends.month("2026-07").begin == datetime(2026, 7, 1, tzinfo=UTC)


def test_the_zone_is_set_on_a_page_and_written_down() -> None:
    browser = Browser(make_viewer())
    page = browser.post(reverse("admin:own_settings"), time_zone="Asia/Kathmandu")
    assert page.status == 302, page.text
    assert "+0545" in browser.get(reverse("admin:own_settings")).text
    assert AuditEntry.objects.get(action="user.time_zone").changes == {"time_zone": ["UTC", "Asia/Kathmandu"]}


def test_no_zone_is_the_installations_again() -> None:
    browser = living_in("Asia/Kathmandu")
    browser.post(reverse("admin:own_settings"), time_zone="")
    assert "+0545" not in browser.get(reverse("admin:own_settings")).text


def test_a_zone_that_there_is_not_is_refused_beside_the_field() -> None:
    browser = Browser(make_viewer())
    page = browser.post(reverse("admin:own_settings"), time_zone="Mars/Olympus")
    assert "not one of the available choices" in page.errors_of("Time zone")
    assert not OwnSettings.objects.exists()


def test_everybody_sees_in_which_zone_times_are() -> None:
    page = living_in("Asia/Kathmandu").get(reverse("admin:index"))
    (shown,) = [each.text for each in page.all("a") if each.attributes["href"] == reverse("admin:own_settings")]
    assert shown == "Times in +0545"


def test_what_is_wrong_with_smsops_is_told_in_it_by_the_part_that_stays_fresh_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(site, "_WARNINGS", [lambda: "Nothing since 2026-07-01 00:15 UTC."])
    told = living_in("Asia/Kathmandu").client.get(reverse("admin:incidents_dashboard_live")).json()
    assert told["warnings"] == ["Nothing since 2026-07-01 06:00 +0545."]
