"""The page where a moment is picked: what can be had, how exactly, and the way to the confirmation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from backups.models import LogFollowing
from backups.services import moments
from backups.services.logs.postgres import PostgresLog
from smsops.errors import WrongUse
from smsops.models import Environment, RunState
from tests.admin.browser import Browser, Page, door
from tests.admin.scenes import a_followed_school, a_school
from tests.backups.lines import HERE, base, fill
from tests.factories import make_admin, make_environment, make_incident, make_run, make_user, make_viewer

pytestmark = pytest.mark.django_db


def moments_page(environment: Environment, user: object = None) -> Page:
    return Browser(user or make_admin()).get(reverse("admin:backups_moments", args=[environment.pk]))  # type: ignore[arg-type]


def test_where_no_log_is_followed_the_page_says_how_to_begin() -> None:
    assert "Switch on Point in time" in moments_page(a_school()).text


def test_a_follower_that_is_not_there_is_an_alarm() -> None:
    page = moments_page(a_followed_school())
    assert "is “manage.py follow” running?" in page.one("p", "alarm").text


def test_a_follower_that_looks_is_none_and_the_loss_is_shown() -> None:
    environment, now = a_followed_school(), timezone.now()
    LogFollowing.objects.update(looked_at=now, kept_at=now, canary_seconds=0.4, canary_at=now)
    page = moments_page(environment)
    assert not page.all("p", "alarm")
    assert "Loss if it broke now 0.4 s" in page.text


def test_a_log_of_sms_that_only_grows_is_an_alarm_with_its_size() -> None:
    environment, now = a_followed_school(), timezone.now()
    LogFollowing.objects.update(looked_at=now, log_bytes=1_200_000_000, hung_at=now)
    page = moments_page(environment)
    assert page.one("p", "alarm").text.startswith("The log of SMS is 1.2 GB and cannot be written back")
    assert "a follower hung and was ended" in page.text


def test_a_base_backup_that_is_days_old_is_an_alarm_although_the_log_is_followed() -> None:
    school = make_environment(database_engine="postgresql", database_url="postgresql://sms@127.0.0.1:1/sms")
    LogFollowing.objects.create(environment=school, looked_at=timezone.now() + timedelta(minutes=1))
    lines = PostgresLog(school).lines
    assert not moments_page(school).all("p", "alarm")
    base(fill(lines.begin(HERE), range(3, 9), 0), 3, 1)
    alarm = moments_page(school).one("p", "alarm").text
    assert alarm == "The newest base backup is of 2026-03-01 12:01:00.000 UTC."


def test_of_a_servers_log_the_moments_are_shown_as_exactly_as_its_clock_is_ours() -> None:
    school = make_environment(database_engine="postgresql", database_url="postgresql://sms@127.0.0.1:1/sms")
    LogFollowing.objects.create(environment=school)
    lines = PostgresLog(school).lines
    base(fill(lines.begin(HERE), range(3, 9), 0), 3, 1)
    (row,) = [row for row in moments_page(school).all("li") if "Every commit known to within" in row.text]
    assert (row.text.startswith("2026-03-01 12:01:00"), "0.0 s" in row.text) == (True, True)


def test_the_moments_before_the_last_changes_are_offered() -> None:
    environment = a_followed_school()
    run = make_run(environment, title="Deploy 1.19.0", disturbs=True, state=RunState.SUCCEEDED)
    links = [link for link in moments_page(environment).links if "/do/restore-to/?at=" in link]
    assert (len(links), run.title in moments_page(environment).text) == (1, True)


def test_who_may_not_restore_is_offered_no_way_to_it() -> None:
    environment = a_followed_school()
    make_run(environment, disturbs=True)
    page = moments_page(environment, make_viewer())
    assert (page.status, [link for link in page.links if "restore-to" in link]) == (200, [])


def test_who_may_not_see_backups_does_not_see_the_moments() -> None:
    assert moments_page(a_school(), make_user("smsops.view_environment", is_staff=True)).status == 403


def test_a_moment_that_cannot_be_had_is_said_and_the_form_stays() -> None:
    page = Browser(make_admin()).get(door(a_followed_school(), "restore-to"), at="2020-01-01 12:00:00")
    assert "2020-01-01 12:00:00 UTC cannot be reached." in page.text
    assert "2020-01-01 12:00:00" in [field.attributes.get("value") for field in page.all("input")]


def test_what_is_no_moment_is_refused_beside_its_field() -> None:
    target = a_followed_school()
    form = {"at": "yesterday", "typed_name": target.name, "reason": "a mistake"}
    assert "is no moment" in Browser(make_admin()).post(door(target, "restore-to"), **form).errors_of("Moment")


def test_a_moment_is_read_in_the_zone_of_who_types_it_and_told_in_utc() -> None:
    with timezone.override("Pacific/Auckland"):
        assert f"{moments.in_utc('2026-03-01 14:05:09'):%Y-%m-%d %H:%M:%S}" == "2026-03-01 01:05:09"


@pytest.mark.parametrize("typed", ["0001-01-01 00:00", "9999-12-31 23:59:59-12:00"])
def test_a_moment_that_is_beyond_the_calendar_in_utc_is_none(typed: str) -> None:
    with timezone.override("Pacific/Auckland"), pytest.raises(WrongUse, match="is no moment"):
        moments.in_utc(typed)


def test_an_incident_leads_to_the_moment_before_it_was_noticed() -> None:
    incident = make_incident(a_followed_school())
    (link,) = [link for link in Browser(make_admin()).get(incident.get_absolute_url()).links if "restore-to" in link]
    page = Browser(make_admin()).get(link)
    assert incident.moment_before.isoformat() in [field.attributes.get("value") for field in page.all("input")]


def test_an_incident_offers_it_neither_without_a_log_nor_to_who_may_not_restore() -> None:
    pages = [
        Browser(make_admin()).get(make_incident().get_absolute_url()),
        Browser(make_viewer()).get(make_incident(a_followed_school()).get_absolute_url()),
    ]
    assert [link for page in pages for link in page.links if "restore-to" in link] == []
