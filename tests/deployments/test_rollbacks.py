"""Code rollbacks (runbook §4.1): back to an earlier release, the data as it is, or refused before anything stops."""

from __future__ import annotations

import pytest

from deployments.services import rollbacks
from smsops.errors import WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By
from tests.factories import make_environment, make_instance, make_release, make_run
from tests.places import Place

BY = By(name="test")


def test_a_rollback_goes_to_the_release_that_ran_before_and_keeps_the_data(process_place: Place) -> None:
    process_place.deploy("1.18.0")
    process_place.deploy("1.18.1")
    process_place.execute("DELETE FROM grades WHERE id = 1")
    run = process_place.roll_back()
    assert run.state == RunState.SUCCEEDED, run.headline
    assert process_place.running_version() == "1.18.0"
    assert process_place.serving()
    assert "grades: " in run.steps.get(kind="data.compare").output
    assert process_place.students() == 200


def test_a_rollback_goes_to_the_release_that_was_named(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    run = process_place.roll_back("v1.18.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert process_place.running_version() == "1.18.0"


@pytest.fixture
def environment(db: None) -> Environment:
    """An environment with two releases, 1.17.0 and 1.18.0, of which nothing runs yet."""
    environment = make_environment()
    for version in ("1.17.0", "1.18.0"):
        make_release(environment, version)
    return environment


def image_of(environment: Environment, version: str) -> str:
    return environment.releases.get(version=version).image_id


def deployed(environment: Environment, state: RunState = RunState.SUCCEEDED, before: str = "1.17.0") -> None:
    """Let 1.18.0 run there, after a deploy that ended so."""
    old = image_of(environment, before) if before else ""
    params = {"image_id": image_of(environment, "1.18.0"), "old_image_id": old}
    make_run(environment, kind="deploy", state=state, params=params)
    make_instance(environment, environment.releases.get(version="1.18.0"))


def refusal(environment: Environment, version: str = "") -> str:
    """Why a rollback is refused, before anything is made."""
    with pytest.raises(WrongUse) as caught:
        rollbacks.start(environment, BY, version)
    assert not Run.objects.filter(kind="rollback").exists()
    return str(caught.value)


def test_without_any_deploy_there_is_nothing_to_go_back_to(environment: Environment) -> None:
    make_instance(environment, environment.releases.get(version="1.18.0"))
    why = f"knows of no release that ran at {environment.name} before this one; say which one to go back to"
    assert why in refusal(environment)


def test_without_an_instance_there_is_nothing_to_go_back_to(environment: Environment) -> None:
    assert "knows of no release" in refusal(environment)


def test_a_first_installation_has_nothing_before_it(environment: Environment) -> None:
    deployed(environment, before="")
    assert "knows of no release" in refusal(environment)


def test_a_deploy_that_was_undone_is_no_way_back(environment: Environment) -> None:
    deployed(environment, RunState.UNDONE)
    assert "knows of no release" in refusal(environment)


def test_a_release_nobody_knows_is_refused_with_those_that_are_known(environment: Environment) -> None:
    assert "has no release “9.9.9”; known are 1.18.0, 1.17.0" in refusal(environment, "9.9.9")


def test_a_release_without_an_image_is_refused(environment: Environment) -> None:
    make_release(environment, "1.16.0", installed=False)
    why = "Release 1.16.0 has no image here. Build or load it, then import again."
    assert why in refusal(environment, "1.16.0")


def test_another_exclusive_run_is_named(environment: Environment) -> None:
    deployed(environment)
    make_run(environment, title="The first one", state=RunState.RUNNING)
    why = refusal(environment)
    assert "“The first one”" in why
    assert "is under way" in why


def test_the_plan_names_the_release_and_both_images(environment: Environment) -> None:
    deployed(environment)
    plan = rollbacks.plan(environment)
    assert plan.title == f"Roll back {environment.name} to 1.17.0"
    assert plan.params["image_id"] == image_of(environment, "1.17.0")
    assert plan.params["old_image_id"] == image_of(environment, "1.18.0")
    assert plan.steps[0].kind == "check.preconditions"
