"""When a new release is worse than the one before (D3): the verdict, and what follows."""

from __future__ import annotations

import pytest

from deployments.services import rounds, watches
from deployments.watch import Measure, Round, measure, worse
from incidents.models import Incident, Severity
from smsops.models import Run, RunState
from tests.factories import make_incident
from tests.places import Place, drive

GOOD = Round(3, 0, 0.02)
BEFORE = measure([GOOD] * 10, 600)


def verdict(*seen: Round, before: Measure = BEFORE, restarts: int = 0) -> str:
    return worse(before, seen, 60, restarts)


def test_what_is_as_before_may_stay() -> None:
    assert not verdict(*[GOOD] * 50)


def test_a_death_says_enough() -> None:
    assert "died" in verdict(GOOD, restarts=1)


def test_one_bad_round_says_nothing() -> None:
    assert not verdict(GOOD, Round(3, 1, 0.02), GOOD)


def test_three_bad_rounds_in_a_row_do() -> None:
    assert "3 of the last 9 requests failed" in verdict(GOOD, *[Round(3, 1, 0.02)] * 3)


def test_a_share_of_failures_that_was_not_there_before_does() -> None:
    assert "17% of all requests fail; before it were 0%" in verdict(*[GOOD, Round(3, 1, 0.02)] * 5)


def test_what_failed_before_may_fail_now() -> None:
    sick = [GOOD, Round(3, 1, 0.02)] * 5
    assert not verdict(*sick, before=measure(sick, 600))


def test_a_release_that_is_much_slower_must_go() -> None:
    assert "400 ms; before it were 20 ms" in verdict(*[Round(3, 0, 0.4)] * 10)


def test_a_release_that_is_a_little_slower_may_stay() -> None:
    assert not verdict(*[Round(3, 0, 0.1)] * 20)


def test_a_log_full_of_errors_is_told() -> None:
    assert "30 lines of errors a minute; before it were 0" in verdict(*[Round(3, 0, 0.02, 3)] * 10)


def test_lines_of_errors_are_those_that_say_so() -> None:
    log = "INFO: all is well\nERROR: it is not\nTraceback (most recent call last):\nerrors: none\n"
    assert rounds.errors(log) == 2


@pytest.fixture
def watched(process_place: Place) -> Place:
    """SMS 1.18.0, and a watch of two seconds over what comes."""
    process_place.environment.watch_seconds = 2
    process_place.environment.save()
    process_place.deploy("1.18.0")
    return process_place


def watch_of(run: Run) -> Run:
    return Run.objects.get(kind=watches.KIND, params__watched=run.pk)


def test_a_release_as_good_as_the_one_before_passes_the_watch(watched: Place) -> None:
    run = drive(watch_of(watched.deploy("1.18.1")))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "no worse than the release before" in run.headline


def test_the_first_installation_has_nothing_to_be_compared_with(watched: Place) -> None:
    assert not Run.objects.filter(kind=watches.KIND).exists()


def test_a_release_that_dies_later_is_gone_back_from_without_a_person(watched: Place) -> None:
    run = watch_of(watched.deploy("1.18.1"))
    found = watched.runtime.describe(watched.environment.instance)["state"]
    kill(found)
    assert drive(run).state == RunState.SAFE
    back = Run.objects.get(kind="rollback")
    assert drive(back).state == RunState.SUCCEEDED
    assert watched.running_version() == "1.18.0"
    assert Incident.objects.filter(run=run).exists()


def test_where_going_back_costs_data_a_person_decides(watched: Place) -> None:
    run = watch_of(watched.deploy("1.19.0"))
    kill(watched.runtime.describe(watched.environment.instance)["state"])
    assert drive(run).state == RunState.SAFE
    assert not Run.objects.filter(kind="rollback").exists()
    assert "worse than the release before" in Incident.objects.get(run=run).title


def test_what_broke_is_one_incident_with_two_signs(watched: Place) -> None:
    run = watch_of(watched.deploy("1.19.0"))
    kill(watched.runtime.describe(watched.environment.instance)["state"])
    known = make_incident(watched.environment, severity=Severity.CRITICAL, title="SMS has stopped")
    assert drive(run).state == RunState.SAFE
    assert list(Incident.objects.all()) == [known]
    assert known.timeline.filter(run=run, kind="sign", text__contains="worse than the release before").exists()


def test_another_change_ends_the_watch(watched: Place) -> None:
    run = watch_of(watched.deploy("1.18.1"))
    watched.roll_back()
    assert drive(run).state == RunState.SUCCEEDED
    assert "Another change" in run.steps.get().output


def kill(state: object) -> None:
    """End SMS the way the kernel does when memory is short."""
    import os
    import signal

    assert isinstance(state, dict)
    os.kill(state["pid"], signal.SIGKILL)
