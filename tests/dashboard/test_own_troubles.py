"""What is wrong with smsops itself is told on every page and on the dashboard, to those who may see what it is of."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from backups.models import OwnBackups
from smsops import afterwards, troubles
from tests.admin.browser import Browser, Page
from tests.audit.broken import SENTENCE, break_chain, mend_chain
from tests.dashboard.pages import a_well_environment, dashboard, section
from tests.factories import make_user

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SEES_RUNS, SEES_TRAIL, SEES_BACKUPS = "smsops.view_run", "smsops.view_auditentry", "backups.view_backup"


def a_page(*permissions: str) -> Page:
    browser = Browser(make_user(SEES_RUNS, *permissions))
    return browser.get(reverse("admin:smsops_run_changelist"))


def alarms(page: Page) -> list[str]:
    return [each.text for each in page.all("p", "alarm")]


def backups_failed(ago: timedelta, **fields: object) -> None:
    at = timezone.now() - ago
    OwnBackups.objects.create(pk=1, taken_at=timezone.now(), failing_since=at, problem="No room is left.", **fields)


def test_a_broken_trail_is_on_every_page_of_those_who_may_see_it() -> None:
    break_chain()
    assert alarms(a_page(SEES_TRAIL)) == [SENTENCE]
    assert alarms(a_page(SEES_BACKUPS)) == []


def test_once_the_trail_is_whole_no_page_says_anything() -> None:
    break_chain()
    mend_chain()
    assert alarms(a_page(SEES_TRAIL)) == []


def test_own_backups_that_fail_for_an_hour_are_on_every_page_of_those_who_see_backups() -> None:
    backups_failed(HOUR)
    (said,) = alarms(a_page(SEES_BACKUPS))
    assert said.startswith("smsops' own rows cannot be backed up since ") and said.endswith(": No room is left.")
    assert alarms(a_page(SEES_TRAIL)) == []


def test_own_backups_that_have_just_failed_once_are_tried_again_first() -> None:
    backups_failed(HOUR / 4)
    assert alarms(a_page(SEES_BACKUPS)) == []


@pytest.mark.parametrize(
    ("permission", "name"),
    [(SEES_TRAIL, "smsops Audit trail The audit trail is broken"),
     (SEES_BACKUPS, "smsops Backups of smsops' own rows smsops' own rows cannot be backed up")],
)  # fmt: skip
def test_the_dashboard_says_it_is_wrong_now(permission: str, name: str) -> None:
    a_well_environment()
    break_chain()
    backups_failed(HOUR)
    page = dashboard(make_user("smsops.view_environment", permission))
    assert name in section(page, "Wrong now")
    assert section(page, "Wrong now 2") == ""  # of the other one nothing


def test_who_may_not_see_it_reads_that_all_is_well() -> None:
    a_well_environment()
    break_chain()
    assert section(dashboard(make_user("smsops.view_environment")), "All is well")


def test_the_part_that_stays_fresh_says_it_as_well() -> None:
    break_chain()
    browser = Browser(make_user("smsops.view_environment", SEES_TRAIL))
    told = json.loads(browser.client.get(reverse("admin:incidents_dashboard_live")).content)
    assert told["warnings"] == [SENTENCE]
    assert "Audit trail" in told["html"]


@pytest.mark.usefixtures("asked_behind_its_back")
def test_in_an_installation_it_is_asked_for_after_a_response_has_gone_out() -> None:
    break_chain()
    (trail,) = [each for each in troubles.known() if each.name == "audit"]
    trail.lately.forget()
    assert alarms(a_page(SEES_TRAIL)) == []
    duty = afterwards._DUTIES["ask after the audit trail"]
    assert duty.needed()
    duty.do()
    assert not duty.needed()
    assert alarms(a_page(SEES_TRAIL)) == [SENTENCE]
    trail.lately.forget()
