"""The verification checklist of runbook §3, asked of real SMS installations of every era."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployments.checks import assets, endpoints, lists, registry
from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.services import preflight
from smsops import health
from smsops.models import RunState
from tests.factories import SMOKE, make_environment
from tests.places import Place, wait_for
from tests.smsops.servers import answering


def started(place: Place, version: str = "1.19.0", **switches: str) -> Place:
    """Start a release without a deploy, and wait until it answers at all."""
    place.add_env(**switches)
    image = place.runtime.image(version)
    assert image is not None
    place.runtime.create(place.environment.instance, image.id, {})
    place.runtime.start(place.environment.instance)
    wait_for(lambda: health.look(place.environment.base_url).status != "down", "an answer")
    return place


def answers(place: Place) -> dict[str, Result]:
    return {result.key: result for result in preflight.checklist(place.environment)}


@pytest.mark.parametrize("era", ["a", "b", "c"])
def test_a_deploy_of_any_era_passes_the_whole_checklist(process_place: Place, era: str) -> None:
    process_place.add_env(SMS_ERA=era)
    run = process_place.deploy("1.19.0")
    assert run.state == RunState.SUCCEEDED, run.headline
    found = answers(process_place)
    assert list(found) == [check.key for check in registry.of_stage(CHECKLIST)]
    assert {key for key, result in found.items() if result.verdict != "pass"} == {"rate_limit"}, found
    assert found["rate_limit"].verdict == "skip"


@pytest.mark.parametrize("era", ["a", "b", "c"])
def test_an_unhealthy_sms_of_any_era_is_understood(process_place: Place, era: str) -> None:
    found = answers(started(process_place, SMS_ERA=era, SMS_HEALTH="unhealthy"))
    assert found["health"].verdict == "fail"
    assert found["health"].detail.startswith("/health says unhealthy (HTTP 503,")
    assert found["ready"].verdict == "fail"


def test_a_degraded_sms_answers_with_200_and_is_not_taken_for_a_healthy_one(process_place: Place) -> None:
    found = answers(started(process_place, SMS_ERA="c", SMS_HEALTH="degraded"))
    assert found["health"].detail.startswith("/health says degraded (HTTP 200,")
    assert (found["health"].verdict, found["ready"].verdict) == ("fail", "fail")


def test_a_wrong_smoke_password_fails_the_login_and_says_where_to_look(process_place: Place) -> None:
    process_place.environment.smoke_password = "wrong"
    result = answers(started(process_place))["login"]
    assert result.detail == "No token was issued: SMS does not know the account or its password (HTTP 400)."
    assert (result.verdict, result.fix) == ("fail", "Check the smoke account.")


def test_a_locked_smoke_account_is_told_from_a_wrong_password(process_place: Place) -> None:
    started(process_place, AUTH_LOGIN_MAX_ATTEMPTS="1").environment.smoke_password = "wrong"
    answers(process_place)
    result = answers(process_place)["login"]
    assert result.detail.startswith("No token was issued: the account is locked for another ")
    assert (result.verdict, result.fix) == ("fail", "Wait; the lock is in the database and survives a restart.")


def test_without_a_smoke_account_the_login_is_skipped_and_says_so(process_place: Place) -> None:
    process_place.environment.smoke_email = ""
    result = answers(started(process_place))["login"]
    assert (result.verdict, result.detail) == ("skip", "No smoke account is set for this environment.")


def test_the_smoke_password_is_in_no_answer(process_place: Place) -> None:
    started(process_place).environment.smoke_password = "canary-password"
    assert "canary-password" not in str(answers(process_place))


def test_a_database_that_is_not_at_the_releases_head_fails(process_place: Place) -> None:
    started(process_place, "1.18.1").execute("UPDATE alembic_version SET version_num = 'e82b46c1d7f0'")
    result = answers(process_place)["migrations"]
    assert result.verdict == "fail"
    assert "The database is at e82b46c1d7f0, the release needs" in result.detail


def test_an_empty_list_of_a_school_with_students_fails(process_place: Place) -> None:
    started(process_place).execute("UPDATE students SET deleted_at = '2026-01-01'")
    result = answers(process_place)["students"]
    assert result.detail == "The list is empty although the database has 200 students."
    assert result.verdict == "fail"


def test_a_list_that_answers_with_an_error_fails(process_place: Place) -> None:
    process_place.execute("ALTER TABLE grades RENAME TO lost")
    result = answers(started(process_place, SMS_SKIP_MIGRATIONS="1"))["grades"]
    assert result.verdict == "fail"
    assert "answers HTTP 500" in result.detail


def test_a_page_whose_bundle_is_missing_fails(process_place: Place) -> None:
    result = answers(started(process_place, "1.20.6"))["bundle"]
    assert result.verdict == "fail"
    assert "is missing (HTTP 404)" in result.detail
    assert result.fix == "Rebuild the image with its frontend."


def test_an_sms_without_its_frontend_fails(process_place: Place) -> None:
    result = answers(started(process_place, SERVE_FRONTEND="0"))["bundle"]
    assert result.verdict == "fail"
    assert result.fix == "The frontend is missing from the image."


def test_an_sms_that_is_away_fails_every_question_to_it_and_crashes_none(process_place: Place) -> None:
    found = answers(process_place)
    away = {key for key, result in found.items() if result.verdict == "fail"}
    assert away >= {"health", "ready", "login", "students", "grades", "bundle"}
    assert "down (connection refused" in found["health"].detail


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ([1, 2], [1, 2]),
        ({"items": [1], "total": 1}, [1]),
        ({"success": True, "data": [1], "error": None}, [1]),
        ({"success": True, "data": {"items": [1]}, "error": None}, [1]),
        ({"items": []}, []),
        ({"data": None}, None),
        ({"detail": "no"}, None),
        ("text", None),
        (None, None),
    ],
)
def test_a_list_is_found_in_the_shape_of_every_era(body: object, rows: list[int] | None) -> None:
    assert lists.rows_of(body) == rows


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of another program where SMS should be: it answers everything with the same page."""
    with answering({"*": (200, "<html>It works!</html>")}) as url:
        yield url


@pytest.mark.django_db
@pytest.mark.parametrize("check", [lists.Students(), lists.Grades(), assets.Bundle(), endpoints.Login()])
def test_another_program_that_answers_everything_does_not_pass_for_sms(stranger: str, check: Check) -> None:
    environment = make_environment(base_url=stranger, smoke_email="a@b.example", smoke_password="x")
    assert check.run(Target(environment)).verdict == "fail"


@pytest.mark.django_db
def test_a_login_that_answers_with_a_list_fails_its_check_and_crashes_nothing() -> None:
    with answering({"*": (200, ["not", "a", "token"])}) as url:
        result = endpoints.Login().run(Target(make_environment(base_url=url, **SMOKE)))
    assert result.verdict == "fail"
