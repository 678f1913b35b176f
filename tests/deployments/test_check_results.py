"""What checks said is kept: by run or on demand, redacted, and since when each has been failing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from backups.services import housekeeping
from deployments import selectors
from deployments.checks.base import Result
from deployments.models import CheckResult
from deployments.services import check_results, preflight
from smsops.models import Environment, RunState
from smsops.runs.plan import By
from tests.factories import CANARY, SMOKE, make_check_result, make_environment, make_release, make_run
from tests.places import drive

pytestmark = pytest.mark.django_db


def days_ago(number: float) -> datetime:
    return timezone.now() - timedelta(days=number)


def found(*results: Result, **how: Any) -> list[CheckResult]:
    return check_results.keep(results, "checklist", how.pop("environment"), None, **how)


GOOD, BAD = Result("health", "Health", "pass", "Well."), Result("health", "Health", "fail", "Ill.", "Look.", "§3", 0.2)


def test_what_was_asked_on_demand_is_kept_with_everything_it_said() -> None:
    found(BAD, environment=make_environment())
    row = CheckResult.objects.get()
    assert (row.run, row.key, row.section, row.verdict, row.detail, row.fix, row.seconds) == (
        None, "health", "§3", "fail", "Ill.", "Look.", 0.2)  # fmt: skip


def test_a_run_that_asks_again_has_only_its_last_answer() -> None:
    run = make_run()
    for result in (BAD, GOOD):
        found(result, environment=run.environment, run=run)
    assert [row.verdict for row in run.check_results.all()] == ["pass"]


def test_a_runs_preconditions_stay_when_its_checklist_is_asked_again() -> None:
    run = make_run()
    check_results.keep([GOOD], "preconditions", run.environment, None, run)
    found(BAD, environment=run.environment, run=run)
    assert run.check_results.count() == 2


def test_no_secret_is_kept() -> None:
    environment = make_environment(**SMOKE)
    said = f"The log says: {CANARY}, SECRET_KEY=abcdefgh"
    found(Result("health", "Health", "fail", said, said), environment=environment)
    row = CheckResult.objects.get()
    assert "abcdefgh" not in row.detail + row.fix
    assert CANARY not in row.detail + row.fix


def standing(environment: Environment) -> Any:
    return selectors.latest_checks().get(environment=environment)


def test_a_check_has_been_failing_since_it_first_failed_after_it_was_good_last() -> None:
    environment = make_environment()
    for age, verdict in ((9, "fail"), (8, "pass"), (7, "fail"), (6, "fail"), (5, "fail")):
        make_check_result(environment, at=days_ago(age), verdict=verdict)
    make_check_result(verdict="pass")
    assert (timezone.now() - standing(environment).failing_since).days == 7


def test_one_that_never_was_good_has_been_failing_since_it_was_asked_first() -> None:
    environment = make_environment()
    for age in (4, 3):
        make_check_result(environment, at=days_ago(age), verdict="fail")
    assert (timezone.now() - standing(environment).failing_since).days == 4


def test_one_that_is_good_again_is_not_failing() -> None:
    environment = make_environment()
    for age, verdict in ((3, "fail"), (2, "pass")):
        make_check_result(environment, at=days_ago(age), verdict=verdict)
    assert (standing(environment).verdict, standing(environment).failing_since) == ("pass", None)


def test_what_was_asked_on_a_copy_says_nothing_of_the_environments_own_sms() -> None:
    environment = make_environment()
    make_check_result(environment, at=days_ago(1))
    make_check_result(environment, verdict="fail", on_copy=True)
    assert standing(environment).verdict == "pass"


def test_housekeeping_lets_go_of_old_ones_on_demand_and_of_nothing_else() -> None:
    environment = make_environment()
    for age, run in ((91, None), (89, None), (91, make_run(environment))):
        make_check_result(environment, at=days_ago(age), run=run)
    other = make_check_result(at=days_ago(91))
    housekeeping.do_chores(environment)
    assert not CheckResult.objects.filter(run=None, at__lt=days_ago(90)).exclude(pk=other.pk).exists()
    assert CheckResult.objects.count() == 3


def test_the_daily_tidying_of_the_vault_does_that_too() -> None:
    environment = make_environment()
    old = make_check_result(environment, at=days_ago(91))
    run = drive(housekeeping.request(environment, By(name="test")))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert not CheckResult.objects.filter(pk=old.pk).exists()


def test_preconditions_on_demand_are_kept_with_their_release() -> None:
    release = make_release(make_environment())
    rows = preflight.ask_preconditions(release, ["image", "port"])
    assert [(row.key, row.release, row.stage) for row in CheckResult.objects.order_by("pk")] == [
        ("image", release, "preconditions"), ("port", release, "preconditions")]  # fmt: skip
    assert len(rows) == 2


def test_looking_alone_keeps_nothing() -> None:
    preflight.preconditions(make_release(make_environment()))
    assert not CheckResult.objects.exists()
