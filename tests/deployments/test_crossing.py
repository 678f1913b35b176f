"""Breaking changes on the way of a deploy are acknowledged by name, each of them, or nothing begins (D1)."""

from __future__ import annotations

import pytest

from deployments.models import Release
from deployments.services import crossing, deploys
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for
from tests.factories import make_environment, make_instance, make_release

pytestmark = pytest.mark.django_db
BY = By(name="test")
BREAKS = {"1.9.0": "Old tokens end.", "1.10.0": "The layout moves.", "1.20.0": "PostgreSQL only."}


@pytest.fixture
def school() -> Environment:
    """1.8.0 runs; of the releases after it three break something."""
    environment = make_environment()
    for version in ("1.8.0", "1.9.0", "1.9.1", "1.10.0", "1.20.0"):
        make_release(environment, version, breaking=BREAKS.get(version, ""))
    run_release(environment, "1.8.0")
    return environment


def release(environment: Environment, version: str) -> Release:
    return Release.objects.get(environment=environment, version=version)


def run_release(environment: Environment, version: str) -> None:
    runtime_for(environment).remove(environment.instance)
    make_instance(environment, release(environment, version))


def running(environment: Environment) -> Instance | None:
    return runtime_for(environment).inspect(environment.instance)


def refusal(environment: Environment, version: str, *named: str) -> str:
    """Why the deploy is refused; empty when it is queued."""
    try:
        deploys.deploy(release(environment, version), BY, named)
    except WrongUse as error:
        return str(error)
    return ""


def test_every_breaking_release_on_the_way_is_asked_for_in_numeric_order(school: Environment) -> None:
    said = refusal(school, "1.10.0")
    assert said.startswith("Breaking changes of 1.9.0, 1.10.0 are to be acknowledged first.")
    assert "--acknowledge 1.9.0 --acknowledge 1.10.0" in said
    assert not Run.objects.exists()


def test_one_that_is_not_named_is_still_asked_for(school: Environment) -> None:
    assert refusal(school, "1.10.0", "1.10.0").startswith("Breaking changes of 1.9.0 are")
    assert refusal(school, "1.10.0", "1.20.0", "nonsense").startswith("Breaking changes of 1.9.0, 1.10.0 are")


def test_named_they_are_recorded_and_told_in_the_plan(school: Environment) -> None:
    assert refusal(school, "1.10.0", "v1.9.0", "1.10.0", "1.20.0") == ""
    assert Run.objects.get().params["acknowledged"] == ["1.9.0", "1.10.0"]
    notes = deploys.plan_deploy(release(school, "1.10.0"), ["1.9.0"]).notes
    assert "Breaking changes of 1.9.0, acknowledged: Old tokens end." in notes
    assert "Breaking changes of 1.10.0, to be acknowledged: The layout moves." in notes


def test_what_already_runs_is_behind(school: Environment) -> None:
    run_release(school, "1.10.0")
    assert [each.version for each in crossing.crossed(release(school, "1.20.0"), running(school))] == ["1.20.0"]


def test_on_the_way_back_nothing_is_asked(school: Environment) -> None:
    run_release(school, "1.20.0")
    assert refusal(school, "1.9.0") == ""


def test_a_first_installation_crosses_nothing(school: Environment) -> None:
    runtime_for(school).remove(school.instance)
    assert refusal(school, "1.20.0") == ""


def test_when_nobody_knows_what_runs_everything_is_asked_for(school: Environment) -> None:
    make_release(school, "experiment", order="")
    run_release(school, "experiment")
    Release.objects.filter(version="experiment").delete()
    assert len(crossing.crossed(release(school, "1.20.0"), running(school))) == 3


def test_a_release_in_between_without_an_image_breaks_all_the_same(school: Environment) -> None:
    Release.objects.filter(version="1.9.0").update(image_id="")
    assert refusal(school, "1.9.1").startswith("Breaking changes of 1.9.0 are")
