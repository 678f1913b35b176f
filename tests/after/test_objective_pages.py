"""The pages of the objectives: the table, the trend, the windows that can be asked for, and the report of a month."""

from __future__ import annotations

import pytest

from smsops.models import Environment
from tests.admin.browser import Browser
from tests.after.conftest import drafted, recent
from tests.after.pages import address
from tests.factories import make_viewer

pytestmark = pytest.mark.django_db


def test_the_objectives_show_the_table_the_trend_and_the_drills(environment: Environment) -> None:
    recent(environment)
    recent(environment, drill=True, fingerprint="drill")
    page = Browser(make_viewer()).get(address("objectives_of", "school"))
    assert page.status == 200
    for said in ("≤ 20 min", "≥ 720 h", "1 drill, in no figure above.", "1 incident (1 critical), 1 failure"):
        assert said in page.text
    drawn = [each.attributes["aria-label"] for each in page.all("svg") if each.attributes.get("role") == "img"]
    assert len(drawn) == 4
    assert drawn[0].startswith("Mean time to repair, ")
    assert not [each for each in page.elements if "style" in each.attributes]


@pytest.mark.parametrize("asked", ["days=30", "days=365&by=month", "days=7", "days=x", "by=year"])
def test_any_window_that_is_asked_for_opens(environment: Environment, asked: str) -> None:
    assert Browser(make_viewer()).get(f"{address('objectives_of', 'school')}?{asked}").status == 200


@pytest.mark.parametrize("month", ["2026-13", "2026-1x", "x", "0000-01"])
def test_a_month_that_is_none_has_no_report(environment: Environment, month: str) -> None:
    assert Browser(make_viewer()).get(address("objectives_month", "school", month)).status == 404


def test_the_report_of_a_month_has_its_incidents_and_is_exported(environment: Environment) -> None:
    drafted(environment)
    browser = Browser(make_viewer())
    page = browser.get(address("objectives_month", "school", "2026-03"))
    assert "SMS does not answer" in page.text
    text = browser.client.get(address("objectives_month", "school", "2026-03"), {"as": "md"}).content.decode()
    assert text.startswith("# The school: March 2026")
    assert "| MTTR | yellow | ≤ 30 min | 30 min |" in text
