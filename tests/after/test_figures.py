"""The objectives: measured from facts, no moment counted twice, drills apart, corrected clocks respected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backups.services import old_runs
from incidents.models import Incident
from incidents.objectives import bands, charts, exposure, figures, record, trends, words
from incidents.objectives.figures import Figures
from incidents.objectives.spans import Span, union
from smsops.models import Environment, Run
from tests.after.conftest import START, at, over
from tests.factories import make_admin, make_backup, make_environment, make_run, make_user

DAY = 24 * 60
WINDOW = Span(at(-10 * DAY), at(20 * DAY))  # thirty days


def measured(
    environment: Environment, window: Span = WINDOW, *, drills: bool = False, user: User | None = None
) -> Figures:
    (found,) = record.read([environment], window.begin, user)
    return figures.of(found, window, drills=drills)


def outage(environment: Environment, begin: float, end: float | None, **fields: Any) -> Incident:
    """SMS did not serve from one minute to another."""
    over_at = at(end) if end is not None else None
    state = "resolved" if end is not None else "open"
    return over(environment, fingerprint=f"f{begin}", detected_at=at(begin), acknowledged_at=None, mitigated_at=over_at,
                resolved_at=over_at, state=state, **fields)  # fmt: skip


def seconds(*minutes: float) -> list[float]:
    """Since 1970, as the record has the moments of backups."""
    return [at(each).timestamp() for each in minutes]


def test_spans_that_overlap_or_touch_are_one() -> None:
    found = union([Span(at(5), at(9)), Span(at(0), at(3)), Span(at(2), at(4)), Span(at(9), at(10))])
    assert found == [Span(at(0), at(4)), Span(at(5), at(10))]


def test_mean_half_nine_in_ten_and_how_many(environment: Environment) -> None:
    for number, minutes in enumerate((2, 4, 6, 8, 100)):
        outage(environment, number * DAY, number * DAY + minutes)
    mttr = measured(environment).figures["mttr"]
    assert (mttr.mean, mttr.half, mttr.most, mttr.count) == (24 * 60, 6 * 60, 100 * 60, 5)


def test_overlapping_outages_are_one_failure_and_no_minute_counts_twice(environment: Environment) -> None:
    outage(environment, 0, 30)
    outage(environment, 10, 40)
    found = measured(environment)
    assert (found.incidents, found.failures, found.away) == (2, 1, 40 * 60)
    assert found.figures["mtbf"].mean == pytest.approx(30 * 86400 - 40 * 60)


def test_an_outage_that_began_before_the_window_takes_only_what_lies_in_it(environment: Environment) -> None:
    outage(environment, -10 * DAY - 60, -10 * DAY + 20)
    found = measured(environment)
    assert (found.away, found.failures, found.incidents) == (20 * 60, 0, 0)


def test_one_that_is_not_over_counts_to_the_time_away_and_to_no_time_to_repair(environment: Environment) -> None:
    outage(environment, 19 * DAY, None)
    found = measured(environment)
    assert (found.away, found.open, found.figures["mttr"].count) == (86400, 1, 0)


def test_drills_are_counted_apart(environment: Environment) -> None:
    outage(environment, 0, 30, drill=True)
    assert (measured(environment).incidents, measured(environment).away) == (0, 0)
    assert measured(environment, drills=True).figures["mttr"].mean == 30 * 60


def test_a_clock_that_was_corrected_is_the_one_that_counts(environment: Environment) -> None:
    incident = outage(environment, 0, 30)
    Incident.objects.filter(pk=incident.pk).update(began_at=at(-15), detected_at=at(-10))
    found = measured(environment)
    assert found.figures["mttr"].mean == 40 * 60
    assert found.figures["mttd"].mean == 5 * 60
    assert found.away == 45 * 60


def test_clocks_that_contradict_each_other_are_left_out_and_counted(environment: Environment) -> None:
    outage(environment, 0, 30)
    outage(environment, 60, 50)
    found = measured(environment)
    assert (found.left_out, found.figures["mttr"].count) == (1, 1)
    assert "1 incident left out: the clocks contradict each other." in words.notes(found)


def test_a_late_backup_is_an_incident_and_no_failure_of_sms(environment: Environment) -> None:
    outage(environment, 0, 30, issue="data")
    found = measured(environment)
    assert (found.failures, found.figures["rto"].count, found.figures["mttr"].count) == (0, 0, 1)


def test_without_a_failure_the_time_between_is_not_made_up(environment: Environment) -> None:
    mtbf = measured(environment).figures["mtbf"]
    assert (mtbf.mean, mtbf.count, mtbf.note, mtbf.band) == (None, 0, "no failure in this time", "green")
    short = measured(environment, Span(START, at(7 * DAY))).figures["mtbf"]
    assert short.band == ""


def test_a_young_environment_has_no_uptime_before_it_was_there(db: None) -> None:
    environment = make_environment(created_at=at(19 * DAY))
    outage(environment, 19.5 * DAY, 19.5 * DAY + 144)
    assert measured(environment).uptime == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("minutes", "band"), [(22.5, "green"), (22.6, "yellow"), (30, "yellow"), (30.1, "red"), (0, "green")]
)
def test_the_band_of_the_mttr(environment: Environment, minutes: float, band: str) -> None:
    target = bands.targets(environment)["mttr"]
    assert (target.seconds, bands.judge(target, minutes * 60)) == (1800, band)


@pytest.mark.parametrize(("hours", "band"), [(720, "green"), (719, "yellow"), (540, "yellow"), (539, "red")])
def test_the_band_of_the_mtbf(environment: Environment, hours: float, band: str) -> None:
    assert bands.judge(bands.targets(environment)["mtbf"], hours * 3600) == band


def test_the_targets_and_owners_are_the_runbooks(environment: Environment) -> None:
    found = [(each.title, each.seconds, each.owner) for each in bands.targets(environment).values()][:4]
    assert found == [("RTO", 1200, "Ops"), ("RPO", 3600, "DevOps"), ("MTTR", 1800, "On-call"),
                     ("MTBF", 720 * 3600, "Product")]  # fmt: skip


def test_the_exposure_is_the_age_of_the_newest_backup_all_the_time() -> None:
    found = exposure.of(seconds(0, 15, 30), Span(at(0), at(45)), 3600)
    assert found is not None
    assert found.mean == 450
    assert found.half == pytest.approx(450, abs=1)
    assert found.most == pytest.approx(810, abs=1)
    assert (found.longest, found.beyond, found.count) == (900, 0, 3)


def test_a_gap_is_beyond_the_objective_for_as_long_as_it_is() -> None:
    found = exposure.of(seconds(0, 90), Span(at(0), at(100)), 3600)
    assert found is not None
    assert (found.longest, found.beyond) == (90 * 60, 30 * 60)


def test_an_age_that_a_window_begins_with_counts_only_from_there() -> None:
    found = exposure.of(seconds(-80, 10), Span(at(0), at(20)), 3600)
    assert found is not None
    assert found.mean == pytest.approx((10 * 85 + 10 * 5) / 20 * 60)
    assert found.most == pytest.approx(88 * 60, abs=1)
    assert found.longest == 90 * 60
    assert (found.beyond, found.count) == (10 * 60, 1)


def test_backups_that_end_before_the_window_leave_it_with_their_age() -> None:
    found = exposure.of(seconds(-90), Span(at(0), at(30)), 3600)
    assert found is not None
    assert (found.mean, found.beyond, found.count) == (105 * 60, 30 * 60, 0)


def test_before_the_first_backup_nothing_is_known() -> None:
    assert exposure.of(seconds(40), Span(at(0), at(30)), 3600) is None


def test_the_rpo_goes_by_the_runs_when_retention_has_removed_the_backups(environment: Environment) -> None:
    for minute in range(0, DAY, 15):
        make_run(environment, started_at=at(minute), finished_at=at(minute) + timedelta(seconds=5))
    rpo = measured(environment, Span(START, at(DAY))).figures["rpo"]
    assert (rpo.count, rpo.band) == (96, "green")
    assert rpo.most == pytest.approx(13.5 * 60, abs=1)


def test_a_backup_and_its_run_are_one_backup(environment: Environment) -> None:
    for minute in range(0, DAY, 15):
        run = make_run(environment, started_at=at(minute), finished_at=at(minute + 0.2))
        make_backup(environment, run=run, taken_at=at(minute + 0.1))
    make_backup(environment, taken_at=at(7))
    assert measured(environment, Span(START, at(DAY))).figures["rpo"].count == 97
    old_runs.note(environment, [at(minute) for minute in range(0, DAY, 15)])
    Run.objects.all().delete()
    assert measured(environment, Span(START, at(DAY))).figures["rpo"].count == 97


def test_a_moment_beyond_the_rpo_is_at_best_yellow(environment: Environment) -> None:
    for minute in [*range(0, DAY - 90, 15), DAY]:
        make_run(environment, started_at=at(minute), finished_at=at(minute) + timedelta(seconds=5))
    rpo = measured(environment, Span(START, at(DAY))).figures["rpo"]
    assert rpo.band == "yellow"
    assert rpo.note.startswith("beyond the objective ")


def test_private_incidents_are_in_no_figure_of_who_may_not_see_them(environment: Environment) -> None:
    outage(environment, 0, 30, private=True)
    assert measured(environment, user=make_user()).incidents == 0
    assert measured(environment, user=make_admin()).incidents == 1


def test_the_record_of_many_is_read_in_as_many_questions_as_that_of_one(environment: Environment) -> None:
    def questions(places: list[Environment]) -> int:
        with CaptureQueriesContext(connection) as asked:
            record.read(places, WINDOW.begin, None)
        return len(asked)

    one = questions([environment])
    others = [make_environment() for _ in range(3)]
    for number, each in enumerate(others * 5):
        outage(each, number, number + 5)
        make_run(each, started_at=at(number), finished_at=at(number + 1))
    assert questions([environment, *others]) == one == 6


def test_weeks_begin_on_monday_and_months_on_their_first_day() -> None:
    window = Span(at(-3 * DAY), at(9 * DAY))
    assert [f"{each.begin:%m-%d}" for each in trends.buckets(window, "week")] == ["02-23", "03-02", "03-09"]
    assert [f"{each.begin:%Y-%m}" for each in trends.buckets(window, "month")] == ["2026-02", "2026-03"]


def test_a_trend_counts_every_incident_once(environment: Environment) -> None:
    for day in (-9, -2, 0, 1, 8):
        outage(environment, day * DAY, day * DAY + 10)
    (found,) = record.read([environment], WINDOW.begin, None)
    told = trends.of(found, Span(WINDOW.begin, at(13 * DAY)), "week")
    assert [each.incidents for _, each in told] == [1, 1, 2, 1]


def test_a_bar_is_as_high_as_its_value_and_what_is_nothing_has_no_bar(environment: Environment) -> None:
    outage(environment, 0, 60)
    outage(environment, 7 * DAY, 7 * DAY + 30)
    (found,) = record.read([environment], START, None)
    chart = charts.of(trends.of(found, Span(START, at(20 * DAY)), "week"))[0]
    heights = [bar.height for bar in chart.bars]
    assert heights == [120, 60, 0]
    assert chart.line == 150 - 20 - 60
    assert [bar.told for bar in chart.bars] == ["60 min", "30 min", "—"]
