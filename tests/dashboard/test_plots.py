"""Plots in plain numbers, and the weeks they show."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from incidents.dashboard import plots, weeks
from incidents.dashboard.plots import Point
from incidents.dashboard.weeks import Weeks
from smsops.models import Environment, RunState
from tests.factories import make_admin, make_environment, make_incident, make_run, make_user

HOUR = timedelta(hours=1)


def test_the_highest_bar_reaches_the_top_and_nothing_is_no_bar() -> None:
    chart = plots.bars("x", "Deploys", [Point("1", 4.0, "4"), Point("2", 2.0, "2"), Point("3", None, "—")])
    assert [bar.height for bar in chart.bars] == [120.0, 60.0, 0.0]
    assert (chart.top, chart.summary) == ("4", "Deploys, 3 bars, at most 4.")


def test_a_target_above_every_bar_sets_the_scale() -> None:
    chart = plots.bars("x", "Repair", [Point("1", 5.0, "5 s")], (10.0, "10 s"))
    assert (chart.bars[0].height, chart.line, chart.top) == (60.0, 10.0, "10 s")


def test_what_is_there_is_seen_however_little() -> None:
    chart = plots.bars("x", "Deploys", [Point("1", 1e6, "much"), Point("2", 1.0, "1")])
    assert chart.bars[1].height == 1.5


def test_an_area_begins_and_ends_at_its_edges() -> None:
    area = plots.area("Stored", [Point("1 May", 0.0, "0 B"), Point("2 May", 8.0, "8 B")])
    assert area is not None
    assert area.line == "46.0,130.0 346.0,10.0"
    assert area.summary == "Stored, from 0 B on 1 May to 8 B on 2 May."


@pytest.mark.parametrize("values", [[], [3.0], [0.0, 0.0]])
def test_where_there_is_nothing_to_see_there_is_no_area(values: list[float]) -> None:
    assert plots.area("Stored", [Point("", value, "") for value in values]) is None


def read() -> Weeks:
    known: list[tuple[int, datetime]] = list(Environment.objects.values_list("pk", "created_at"))
    return weeks.read(make_admin(), known)


@pytest.mark.django_db
def test_a_week_has_the_incidents_that_were_noticed_in_it_and_how_long_they_took() -> None:
    environment, now = make_environment(), timezone.now()
    for hours in (1, 3):
        make_incident(environment, issue="service", state="resolved", detected_at=now, resolved_at=now + HOUR * hours)
    make_incident(environment)
    make_incident(environment, drill=True)
    make_incident(environment, detected_at=now - timedelta(weeks=30))
    whole, (_, last) = read().whole, read().weeks[-1]
    assert (whole.incidents, whole.repaired, whole.mttr, whole.failures) == (3, 2, 7200.0, 2)
    assert last == whole


@pytest.mark.django_db
def test_deploys_that_went_wrong_and_ways_back_are_counted_apart() -> None:
    environment = make_environment()
    make_run(environment, kind="deploy")
    make_run(environment, kind="deploy", state=RunState.UNDONE)
    make_run(environment, kind="rollback")
    make_run(environment, kind="backup")
    found = read()
    assert (found.whole.deploys, found.whole.went_wrong) == (1, 2)
    said = weeks.sentences(found, [(environment.pk, environment.created_at)])
    assert "1 deploy succeeded, 2 failed or went back." in said


@pytest.mark.django_db
@pytest.mark.parametrize(("known", "said"), [(1000, "1,000 h"), (1.5, "1 h 30 min"), (0.01, r"3[6-9] s")])
def test_how_often_sms_failed_is_said_of_an_hour_as_of_a_year(known: float, said: str) -> None:
    now = timezone.now()
    make_incident(make_environment(), issue="service", state="resolved", detected_at=now, resolved_at=now)
    found = read()
    sentences = " ".join(weeks.sentences(found, [(1, now - HOUR * known)]))
    assert re.search(f"1 failure of SMS, one in {said}", sentences)


@pytest.mark.django_db
def test_twelve_weeks_are_shown_with_a_table_beside_the_plots() -> None:
    make_run(kind="deploy")
    charts = weeks.charts(read())
    assert {len(chart.bars) for chart in charts} == {weeks.WEEKS}
    assert weeks.table(charts)[0][1][2] == "1"


@pytest.mark.django_db
def test_who_may_not_see_incidents_gets_no_figures_of_them() -> None:
    make_incident(make_environment())
    users = make_user("smsops.view_run"), make_user("incidents.view_incident")
    assert [weeks.read(user, []).whole.incidents for user in users] == [0, 1]
