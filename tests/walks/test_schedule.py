"""Somebody says when backups are taken: hours, days, a holiday, a pause. What comes of it is said, and mistakes are."""

from __future__ import annotations

from datetime import time

import pytest
from django.urls import reverse

from backups.models import BackupSchedule
from docs.pictures.browser import Browser
from smsops.models import Environment
from tests.factories import make_environment
from tests.walks.person import Hands

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def school() -> Environment:
    return make_environment(name="school", title="Our school")


def test_hours_holidays_and_a_pause_are_set_and_a_mistake_loses_nothing(
    window: Browser, root: str, school: Environment
) -> None:
    person, page = Hands(window), window.page
    window.open(root + school.get_absolute_url())
    hours = page.locator("#schedule-0")
    assert page.get_by_role("heading", name="When backups are taken").is_visible()
    hours.get_by_label("Opens").fill("19:00")
    hours.get_by_label("Closes").fill("07:30")
    hours.get_by_label("Fri").uncheck()
    hours.get_by_label("Holidays").press_sequentially("25.12.2026")
    person.fill(time_zone="Europe/Athen")
    person.into("Outside the hours every (minutes)", "30")
    person.press("Save and continue editing")
    assert person.said("Closes") == "The hours must close later on the same day than they open."
    assert person.said("Time zone") == "There is no time zone “Europe/Athen”; give one like “Europe/Athens”."
    assert person.said("Holidays") == "“25.12.2026” is no date; write it like 2026-12-25."
    page.locator("[name=schedule-0-closes]:focus").wait_for()
    assert hours.get_by_label("Opens").input_value() == "19:00"
    assert not hours.get_by_label("Fri").is_checked()
    assert BackupSchedule.objects.count() == 0

    hours.get_by_label("Opens").fill("07:30")
    hours.get_by_label("Closes").fill("19:00")
    hours.get_by_label("Holidays").fill("2026-12-25")
    person.fill(time_zone="Europe/Athens")
    person.press("Save and continue editing")
    stored = BackupSchedule.objects.get()
    assert (stored.opens, stored.closes, stored.business_days) == (time(7, 30), time(19), "Mon Tue Wed Thu")
    assert (stored.quiet_minutes, stored.holidays) == (30, "2026-12-25")
    assert "The next backups: now, " in hours.inner_text()
    assert "(Europe/Athens)" in hours.inner_text()

    person.unfold("More")
    person.press("Pause backups…")
    person.fill(for_how_many_hours="0", reason="new disks")
    person.press("Pause backups")
    assert person.said("For how many hours") == "Ensure this value is greater than or equal to 1."
    assert page.get_by_label("Reason").input_value() == "new disks"
    person.fill(for_how_many_hours="3")
    person.press("Pause backups")
    assert "new disks" in hours.inner_text()
    window.open(root + reverse("admin:index"))
    assert "paused: new disks" in page.locator("#content").inner_text()
    window.open(root + school.get_absolute_url())
    person.unfold("More")
    person.press("Resume backups")
    person.press("Resume backups")
    assert "new disks" not in hours.inner_text()
    assert window.said == []


def test_a_crontab_that_cannot_be_is_refused_at_its_field(window: Browser, root: str) -> None:
    person, page = Hands(window), window.page
    window.open(root + reverse("admin:django_celery_beat_crontabschedule_add"))
    person.into("Minute(s)", "61")
    person.into("Hour(s)", "7")
    person.press("Save")
    assert "61" in person.said("Minute(s)")
    assert page.get_by_label("Hour(s)").input_value() == "7"
    assert window.said == []
