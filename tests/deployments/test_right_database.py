"""The classic outage: SMS came up well, on another database (sms-contract, surprise 22)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from deployments.checks import places
from deployments.checks.base import Result, Target
from smsops.models import RunState
from tests.deployments.eras import shapes
from tests.deployments.eras.server import Reply, serving
from tests.deployments.test_eras import a_school
from tests.places import Place, wait_for
from tests.runtimes import acts


def judged(body: dict[str, Any], **target: Any) -> Result:
    """What the check says of an SMS whose /health has this in it."""
    with serving({**shapes.well("c"), "GET /health": Reply(shapes.health("c", **body))}) as server:
        return places.RightDatabase().run(Target(a_school(server.url), **target))


def stated(engine: str, database: str, **more: Any) -> dict[str, Any]:
    where = {"host": None, "port": None, "is_remote": False, "driver": "pysqlite"}
    return {"database_target": {"engine": engine, "database": database, **where, **more}}


@pytest.mark.django_db
def test_the_environments_own_database_passes_and_is_named() -> None:
    with serving({}) as server:
        environment = a_school(server.url)
    path = str(Path(environment.data_path) / environment.database_file)
    target = Target(environment)
    assert places.elsewhere(stated("sqlite", path)["database_target"], target) == []
    assert places.elsewhere(stated("sqlite", "student_management.db")["database_target"], target) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (stated("postgresql", "sms", host="db"), "SMS works on postgresql, the environment has sqlite."),
        (stated("sqlite", "/app/data/student_management.db"), "SMS works on /app/data/student_management.db, not on /"),
        ({"statistics": {"students": 0, "courses": 2}}, "SMS counts 0 in students, where the database here has 3."),
    ],
)
def test_another_one_fails_and_says_what_to_compare(body: dict[str, Any], said: str) -> None:
    result = judged(body)
    assert (result.verdict, said in result.detail) == ("fail", True), result
    assert result.fix.startswith("Compare DATABASE_URL, DATABASE_ENGINE and the volume")


@pytest.mark.django_db
def test_far_fewer_rows_than_before_the_change_fail() -> None:
    result = judged({}, baseline={"students": 400, "grades": 5})
    assert (result.verdict, result.detail) == ("fail", "SMS counts 3 in students, where there were before 400.")


@pytest.mark.django_db
def test_a_days_work_is_no_other_database() -> None:
    assert judged({}, baseline={"students": 9, "courses": 4, "grades": 5}).verdict == "pass"


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{"statistics": None}, {"statistics": {"students": "3"}}, {"statistics": []}])
def test_an_sms_that_says_nothing_of_it_is_skipped(body: dict[str, Any]) -> None:
    assert judged(body).detail == "SMS says neither where its database is nor how many rows it has."


@pytest.mark.docker
def test_a_container_with_another_volume_is_noticed(docker_place: Place) -> None:
    place = docker_place
    place.add_env(SMS_ERA="c")
    assert place.deploy("1.19.0").state == RunState.SUCCEEDED
    target = Target(place.environment)
    found = places.RightDatabase().run(target)
    assert (found.verdict, "it works on /data/student_management.db" in found.detail) == ("pass", True), found
    target.environment.volume = "sms_data"
    assert places.other_volume(target) == [f"/data is {place.environment.instance}, not sms_data."]


def test_a_deploy_whose_sms_counts_nothing_is_undone(process_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place = process_place
    monkeypatch.setattr(places, "statistics", lambda body: {"students": 0})
    run = place.deploy("1.19.0")
    assert run.state == RunState.UNDONE
    assert "Database: SMS counts 0 in students, where the database here has 200." in run.cause
    failed = run.check_results.get(verdict="fail")
    assert (failed.key, failed.release.version if failed.release else "") == ("database", "1.19.0")


def test_an_sms_that_dies_while_it_is_asked_is_the_first_cause(
    process_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = process_place

    def die(*_: Any) -> list[str]:
        acts.kill(place)
        wait_for(lambda: deaths_of(place), "the engine to notice")
        return ["It is gone."]

    monkeypatch.setattr(places, "fewer", die)
    run = place.deploy("1.19.0")
    assert run.cause.startswith("The checklist failed. SMS died while it was asked (exit code ")


def deaths_of(place: Place) -> list[str]:
    """The deaths of SMS in the last minute."""
    now = timezone.now()
    found = place.runtime.events(place.environment.instance, now - timedelta(minutes=1), now)
    return [event.action for event in found if event.action == "die"]


def test_a_deploy_keeps_what_every_check_said(process_place: Place) -> None:
    run = process_place.deploy("1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    rows = run.check_results.all()
    assert {(row.stage, row.on_copy) for row in rows} == {("preconditions", False), ("checklist", False)}
    assert {row.verdict for row in rows} <= {"pass", "warn", "skip"}
    assert set(rows.filter(key="clock").values_list("stage", "verdict")) == {
        ("preconditions", "skip"), ("checklist", "pass")}  # fmt: skip
