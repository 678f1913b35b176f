"""The operations log and the four DORA figures, counted from runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.operations import dora, dora_words, log, words
from incidents.fingerprints import SERVICE
from smsops.models import Environment, Run, RunState
from tests.factories import CANARY, make_environment, make_incident, make_release, make_run, make_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_environment()


def ago(hours: float) -> datetime:
    return timezone.now() - timedelta(hours=hours)


def ran(environment: Environment, hours: float, kind: str = "deploy", minutes: float = 1, **fields: Any) -> Run:
    """A run that began so many hours ago and took so many minutes."""
    times = {"created_at": ago(hours), "started_at": ago(hours), "finished_at": ago(hours - minutes / 60)}
    return make_run(environment, kind=kind, **{**times, **fields})


def told(run: Run) -> log.Entry:
    return log.entry(log.operations().get(pk=run.pk))


def test_every_change_of_sms_is_in_the_log_newest_first_and_nothing_else(environment: Environment) -> None:
    for hours, kind in enumerate(("deploy", "rollback", "restore", "rotation", "backup", "drill", "rehearsal")):
        ran(environment, hours + 1, kind)
    ran(make_environment(), 1)
    assert [entry.what for entry in log.of(environment)] == ["Deploy", "Rollback", "Restore", "Key rotation"]


def test_a_deploy_says_from_what_to_what_and_how_long_sms_was_away(environment: Environment) -> None:
    run = ran(environment, 1, params={"version": "1.18.1", "old_version": "1.18.0"},
              facts={"switch.gate": {"away_seconds": 3.25}})  # fmt: skip
    make_step(run, kind="switch.stop")
    entry = told(run)
    assert (words.change_text(entry), entry.away) == ("1.18.0 → 1.18.1", 3.25)


def test_a_restore_names_the_release_it_started(environment: Environment) -> None:
    release = make_release(environment, "1.17.0")
    run = ran(environment, 1, "restore", params={"image_id": release.image_id, "old_version": "1.18.0"})
    assert words.change_text(told(run)) == "1.18.0 → 1.17.0"


def test_a_run_that_was_undone_was_away_from_the_stop_to_the_end_of_the_undo(environment: Environment) -> None:
    run = ran(environment, 1, state=RunState.UNDONE)
    assert run.finished_at is not None
    make_step(run, kind="switch.stop", started_at=run.finished_at - timedelta(seconds=42))
    assert told(run).away == 42


@pytest.mark.parametrize(
    ("state", "away"), [(RunState.SAFE, "not at all"), (RunState.NEEDS_HUMAN, "—"), (RunState.RUNNING, "—")]
)
def test_what_is_not_known_is_not_made_up(environment: Environment, state: RunState, away: str) -> None:
    assert words.away_text(told(ran(environment, 1, state=state))) == away


def test_the_log_begins_where_it_is_asked_to(environment: Environment) -> None:
    ran(environment, 50)
    late = ran(environment, 2)
    assert [entry.run.pk for entry in log.of(environment, ago(24))] == [late.pk]


def test_what_people_wrote_does_not_break_the_markdown_and_tells_no_secret(environment: Environment) -> None:
    ran(environment, 1, reason=f"a | b\n# no heading <b> password={CANARY}", actor_name="maria")
    text = words.markdown("Log", log.of(environment))
    (row,) = [line for line in text.splitlines() if "maria" in line]
    assert "a \\| b # no heading \\<b\\>" in row
    assert CANARY not in text


def test_the_frequency_counts_deploys_that_succeeded_in_the_window(environment: Environment) -> None:
    for hours in (24, 48, 24 * 40):
        ran(environment, hours)
    ran(environment, 12, state=RunState.SAFE)
    assert [dora.of(environment, days).deploys for days in dora.WINDOWS] == [2, 3]


def test_the_lead_time_goes_from_the_commit_to_the_first_deploy_of_that_release(environment: Environment) -> None:
    release = make_release(environment, committed_at=ago(10))
    for hours in (4, 1):
        ran(environment, hours, minutes=60, params={"release": release.pk})
    figures = dora.of(environment, 30)
    assert (round(figures.lead_seconds or 0), figures.lead_n) == (7 * 3600, 1)


def test_a_release_whose_commit_is_not_known_has_no_lead_time(environment: Environment) -> None:
    ran(environment, 1, params={"release": make_release(environment).pk})
    figures = dora.of(environment, 30)
    assert (figures.deploys, figures.lead_seconds, figures.lead_n) == (1, None, 0)


def rate(environment: Environment) -> tuple[int, int]:
    figures = dora.of(environment, 30)
    return figures.failed, figures.changes


def test_a_deploy_that_was_undone_failed(environment: Environment) -> None:
    ran(environment, 5)
    ran(environment, 4, state=RunState.UNDONE)
    assert rate(environment) == (1, 2)


@pytest.mark.parametrize("kind", ["rollback", "restore"])
def test_a_deploy_that_was_taken_back_within_a_day_failed(environment: Environment, kind: str) -> None:
    ran(environment, 30)
    ran(environment, 10, kind)
    assert rate(environment) == (1, 1)


def test_one_way_back_is_counted_against_one_deploy_and_a_late_one_against_none(environment: Environment) -> None:
    ran(environment, 200)
    ran(environment, 150, "rollback")
    ran(environment, 12)
    ran(environment, 11)
    ran(environment, 10, "rollback")
    ran(environment, 9, "rollback")
    assert rate(environment) == (1, 3)


@pytest.mark.parametrize("state", [RunState.SAFE, RunState.CANCELLED])
def test_what_never_touched_sms_is_no_change(environment: Environment, state: RunState) -> None:
    ran(environment, 2, state=state)
    assert rate(environment) == (0, 0)


def test_the_time_to_restore_goes_from_the_bad_deploy_to_the_good_way_back(environment: Environment) -> None:
    ran(environment, 5, minutes=0)
    ran(environment, 4, "rollback", minutes=30)
    figures = dora.of(environment, 30)
    assert figures.restore_seconds == pytest.approx(5400, abs=30)
    assert figures.restore_n == 1


def test_a_disturbance_counts_from_its_first_sign_and_not_a_second_time(environment: Environment) -> None:
    ran(environment, 5, minutes=0)
    ran(environment, 4, "rollback", minutes=30)
    make_incident(environment, fingerprint=SERVICE, detected_at=ago(4.5), resolved_at=ago(3.5), state="resolved")
    make_incident(environment, fingerprint=SERVICE, detected_at=ago(2), resolved_at=ago(1.5), state="resolved")
    make_incident(environment, fingerprint="backup", detected_at=ago(2), resolved_at=ago(1), state="resolved")
    figures = dora.of(environment, 30)
    assert figures.restore_seconds == pytest.approx(3600, abs=30)
    assert figures.restore_n == 2


def test_what_is_still_bad_is_told_and_not_averaged(environment: Environment) -> None:
    make_incident(environment, fingerprint=SERVICE, detected_at=ago(2))
    figures = dora.of(environment, 30)
    assert (figures.restore_seconds, figures.still_bad) == (None, 1)
    assert "1 of them not good again yet" in dora_words.said(figures)[3].counted


def test_each_figure_says_from_how_many_and_how(environment: Environment) -> None:
    ran(environment, 24)
    said = {each.name: each for each in dora_words.said(dora.of(environment, 30))}
    assert said["Deployment frequency"].value == "0.2 a week"
    assert said["Change failure rate"].value == "0 %"
    assert "0 of 1 that touched SMS" in said["Change failure rate"].counted
    assert "Half of 0 releases" in said["Lead time for changes"].counted


def test_where_nothing_happened_there_are_dashes(environment: Environment) -> None:
    values = [each.value for each in dora_words.said(dora.of(environment, 90))]
    assert values == ["0.0 a week", "—", "—", "—"]
