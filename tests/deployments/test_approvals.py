"""The second person's request for deploys, ways back and restores: void as soon as something else would be done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backups.services import recoveries, restores
from deployments.services import deploys, rollbacks
from smsops.models import Approval, Environment, Risk, Run, RunState, Trigger
from smsops.runs import approvals
from smsops.runs.plan import By
from smsops.runtimes.registry import runtime_for
from tests.factories import make_backup, make_environment, make_instance, make_release, make_run
from tests.places import Place, drive

MARIA, PAUL = By(Trigger.COMMAND, name="maria", reason="it is time"), By(Trigger.COMMAND, name="paul")


@pytest.fixture
def environment(db: None) -> Environment:
    """1.18.0 runs there, 1.17.0 ran before, 1.16.0 is known; nothing that disturbs SMS goes without a second person."""
    environment = make_environment(second_person="disturbing")
    images = {
        each: make_release(environment, each, revisions=["a1"]).image_id for each in ("1.16.0", "1.17.0", "1.18.0")
    }
    run_now(environment, "1.18.0")
    params = {"image_id": images["1.18.0"], "old_image_id": images["1.17.0"]}
    make_run(environment, kind="deploy", params=params)
    return environment


def run_now(environment: Environment, version: str) -> None:
    """Let that release be the one that runs."""
    runtime = runtime_for(environment)
    if runtime.inspect(environment.instance) is not None:
        runtime.remove(environment.instance)
    make_instance(environment, environment.releases.get(version=version))


def deploy(environment: Environment) -> Run:
    return deploys.deploy(environment.releases.get(version="1.17.0"), MARIA)


def approved(run: Run) -> tuple[str, str]:
    """What comes of paul's approval, and the sentence about it."""
    approvals.approve(run, PAUL)
    found = Approval.objects.select_related("run").get(run=run)
    return found.decision, found.run.headline


def test_a_deploy_waits_and_is_approved_while_all_is_as_it_was(environment: Environment) -> None:
    run = deploy(environment)
    assert run.state == RunState.PLANNED
    assert approved(run) == ("approved", "")


def test_a_deploy_is_void_once_another_release_runs(environment: Environment) -> None:
    run = deploy(environment)
    run_now(environment, "1.16.0")
    decision, said = approved(run)
    assert (decision, "old version was 1.18.0 and is 1.16.0" in said) == ("void", True)


def test_a_deploy_is_void_once_its_image_is_another(environment: Environment) -> None:
    run = deploy(environment)
    environment.releases.filter(version="1.17.0").update(image_id="tree:rebuilt")
    decision, said = approved(run)
    assert (decision, "image id was tree:" in said) == ("void", True)


def test_a_deploy_is_void_once_its_image_is_gone(environment: Environment) -> None:
    run = deploy(environment)
    environment.releases.filter(version="1.17.0").update(image_id="")
    assert approved(run)[0] == "void"
    assert "cannot be done any more. Release 1.17.0 has no image here." in approved_note(run)


def approved_note(run: Run) -> str:
    return Approval.objects.get(run=run).note


def test_a_rollback_without_a_version_is_void_once_it_would_go_elsewhere(environment: Environment) -> None:
    run = rollbacks.start(environment, MARIA)
    assert run.title.endswith("to 1.17.0")
    images = {each.version: each.image_id for each in environment.releases.all()}
    make_run(environment, kind="deploy", params={"image_id": images["1.18.0"], "old_image_id": images["1.16.0"]})
    decision, said = approved(run)
    assert (decision, f"it would now be “Roll back {environment.name} to 1.16.0”" in said) == ("void", True)


def test_a_restore_stays_that_of_its_backup_whatever_is_backed_up_since(environment: Environment) -> None:
    run = restores.start(make_backup(environment), MARIA)
    make_backup(environment)
    assert (run.approval.risk, approved(run)[0]) == (Risk.LOSING, "approved")


def test_a_restore_is_void_once_its_backup_is_known_to_be_damaged(environment: Environment) -> None:
    backup = make_backup(environment)
    run = restores.start(backup, MARIA)
    type(backup).objects.update(damage="its digest is wrong.")
    assert approved(run)[0] == "void"
    assert "is damaged: its digest is wrong." in approved_note(run)


@pytest.mark.parametrize(
    ("picks", "risk"),
    [(["removed"], Risk.DISTURBING), (["removed", "hidden"], Risk.DISTURBING), (["changed"], Risk.LOSING),
     ([[7]], Risk.LOSING)],
)  # fmt: skip
def test_rows_that_are_overwritten_are_lost_data_and_others_are_not(
    environment: Environment, picks: list[Any], risk: Risk
) -> None:
    run = recoveries.put_back(make_backup(environment), {"students": picks}, MARIA, with_children=True)
    assert (run.state, run.approval.risk) == (RunState.PLANNED, risk)
    assert approved(run)[0] == "approved"


def test_looking_at_rows_first_waits_for_nobody(environment: Environment) -> None:
    chosen = {"students": ["changed"]}
    run = recoveries.put_back(make_backup(environment), chosen, MARIA, with_children=True, dry_run=True)
    assert run.state == RunState.QUEUED


@pytest.fixture
def upgraded(process_place: Place) -> Place:
    """1.19.0 runs, with something in what it brought, where nobody loses data alone."""
    process_place.deploy("1.19.0")
    process_place.execute("UPDATE students SET guardian_phone = '0123' WHERE id <= 7")
    process_place.environment.second_person = "losing"
    process_place.environment.save()
    return process_place


def test_a_schema_rollback_is_void_once_it_would_lose_other_rows(upgraded: Place) -> None:
    run = rollbacks.start(upgraded.environment, MARIA, "1.18.1", "schema")
    assert run.approval.risk == Risk.LOSING
    upgraded.execute("UPDATE students SET guardian_phone = '0123' WHERE id = 8")
    decision, said = approved(run)
    assert (decision, "7 values are lost" in said, "8 values are lost" in said) == ("void", True, True)


def test_a_schema_rollback_that_loses_nothing_needs_nobody_there(upgraded: Place) -> None:
    upgraded.execute("UPDATE students SET guardian_phone = NULL")
    plan = rollbacks.plan(upgraded.environment, "1.18.1", "schema")
    assert plan.risk == Risk.DISTURBING


def test_a_rollback_by_restore_is_void_once_there_is_a_newer_backup(upgraded: Place) -> None:
    environment = upgraded.environment
    knows = environment.releases.get(version="1.18.1").revisions[-1]
    make_backup(environment, schema_revision=knows)
    run = rollbacks.start(environment, MARIA, "1.18.1", "restore")
    newer = make_backup(environment, schema_revision=knows)
    decision, said = approved(run)
    assert (decision, f"and is {newer.pk}" in said) == ("void", True)


def test_an_approved_deploy_really_deploys(process_place: Place) -> None:
    process_place.environment.second_person = "disturbing"
    process_place.environment.save()
    release = process_place.environment.releases.get(version="1.18.0")
    run = deploys.deploy(release, replace(MARIA, reason="the exams begin"))
    assert process_place.running_version() == ""
    assert approved(run)[0] == "approved"
    assert drive(run).state == RunState.SUCCEEDED
    assert process_place.running_version() == "1.18.0"
