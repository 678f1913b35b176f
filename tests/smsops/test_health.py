"""What SMS says about itself, in every era (sms-contract §1, surprises 13-17)."""

from __future__ import annotations

from typing import Any

import pytest

from smsops import health
from smsops.health import status_of, unwrap
from smsops.http import Answer
from tests.places import free_port
from tests.smsops.servers import Answers, answering

GOOD = {"status": "healthy", "message": "", "details": {}}
READY = {"status": "ready", "timestamp": "2026-01-02T03:04:05", "checks": {"database": GOOD, "disk_space": GOOD}}


def _body(status: str, **more: Any) -> dict[str, Any]:
    checks = {"database": GOOD, "migrations": GOOD, "frontend": {"status": "degraded", "message": "none found"}}
    return {"status": status, "uptime_seconds": 61, "version": "1.18.0", "checks": checks, **more}


def _wrapped_ab(inner: Any) -> dict[str, Any]:
    return {
        "type": "https://httpstatuses.com/503",
        "title": "HTTP Exception",
        "status": 503,
        "detail": inner,
        "instance": "http://127.0.0.1/health",
        "errors": None,
    }


def _wrapped_c(inner: Any, code: str = "HTTP_503") -> dict[str, Any]:
    error = {"code": code, "message": "HTTP Exception", "details": inner, "path": "/health"}
    return {"success": False, "data": None, "error": error, "meta": {"request_id": "r", "version": "1.18.44"}}


def _enveloped(inner: Any) -> dict[str, Any]:
    return {"success": True, "data": inner, "error": None, "meta": {}}


def _look(answers: Answers) -> health.Health:
    with answering(answers) as url:
        return health.look(url)


WRAPPINGS = {"bare": lambda inner: inner, "era a and b": _wrapped_ab, "era c": _wrapped_c, "a success": _enveloped}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS.keys())
def test_the_real_body_is_found_in_the_wrapping_of_every_era(wrap: Any) -> None:
    assert unwrap(wrap(_body("unhealthy"))) == _body("unhealthy")


@pytest.mark.parametrize("body", [None, [], "healthy", 503, True])
def test_a_body_that_is_no_object_has_nothing_in_it(body: Any) -> None:
    assert unwrap(body) == {}


@pytest.mark.parametrize("detail", ["Service Unavailable", None, ["x"], {"loc": "x"}])
def test_a_wrapping_without_a_health_body_is_left(detail: Any) -> None:
    assert unwrap(_wrapped_ab(detail)) == _wrapped_ab(detail)


STATUSES = [
    (200, _body("healthy"), "healthy"),
    (200, _body("degraded"), "degraded"),
    (200, _enveloped(_body("healthy")), "healthy"),
    (200, _enveloped(_body("degraded")), "degraded"),
    (503, _body("unhealthy"), "unhealthy"),
    (503, _wrapped_ab(_body("unhealthy")), "unhealthy"),
    (503, _wrapped_c(_body("unhealthy")), "unhealthy"),
    (503, _wrapped_ab("Service Unavailable"), "unhealthy"),
    (503, _wrapped_c(None, "DATABASE_UNAVAILABLE"), "unhealthy"),
    (500, "Internal Server Error", "unhealthy"),
    (200, {"status": 200}, "healthy"),
    (200, {"status": "ok"}, "healthy"),
    (404, {"detail": "Not Found"}, "unhealthy"),
    (302, "", "unhealthy"),
]


@pytest.mark.parametrize(("code", "body", "status"), STATUSES)
def test_an_answer_is_one_word(code: int, body: Any, status: str) -> None:
    found = _look({"/health": (code, body), "/health/ready": (200, READY)})
    assert found.status == status
    assert found.good == (status == "healthy")


def test_no_answer_is_down() -> None:
    assert status_of(Answer("http://x/health", error="connection refused")) == "down"


def test_sms_that_is_down_is_not_asked_twice_and_says_why() -> None:
    found = health.look(f"http://127.0.0.1:{free_port()}")
    assert (found.status, found.ready, found.good) == ("down", False, False)
    assert found.detail == "/health: connection refused"


def test_a_good_answer_is_told_with_version_and_body() -> None:
    found = _look({"/health": (200, _body("healthy")), "/health/ready": (200, READY)})
    assert found.good
    assert found.detail == "/health: healthy (HTTP 200), /health/ready: ready"
    assert (found.version, found.body) == ("1.18.0", _body("healthy"))
    assert found.seconds > 0


def test_the_body_of_a_wrapped_answer_is_the_inner_one() -> None:
    found = _look({"/health": (503, _wrapped_c(_body("unhealthy")))})
    assert (found.version, found.body) == ("1.18.0", _body("unhealthy"))


def test_degraded_sms_serves_but_is_not_good() -> None:
    found = _look({"/health": (200, _body("degraded")), "/health/ready": (200, READY)})
    assert (found.status, found.ready, found.good) == ("degraded", True, False)


NOT_READY = {
    "status": "not_ready",
    "checks": {
        "database": {"status": "unhealthy", "message": "locked"},
        "memory": {"status": "degraded", "message": "93 %"},
        "disk_space": GOOD,
        "frontend": {"status": "degraded", "message": "none found"},
    },
}


@pytest.mark.parametrize("wrap", [_wrapped_ab, _wrapped_c, WRAPPINGS["bare"]])
def test_what_stands_in_the_way_is_named_but_never_the_frontend(wrap: Any) -> None:
    found = _look({"/health": (200, _body("healthy")), "/health/ready": (503, wrap(NOT_READY))})
    assert (found.status, found.ready, found.good) == ("healthy", False, False)
    assert found.detail.endswith("/health/ready: not ready (HTTP 503: database, memory)")


def test_a_degraded_frontend_check_does_not_make_sms_bad() -> None:
    ready = {**READY, "checks": {**READY["checks"], "frontend": {"status": "degraded"}}}  # type: ignore[dict-item]
    assert _look({"/health": (200, _body("healthy")), "/health/ready": (200, ready)}).good


def test_a_ready_answer_that_says_otherwise_is_not_ready() -> None:
    found = _look({"/health": (200, _body("healthy")), "/health/ready": (200, {"status": "not_ready"})})
    assert not found.ready
    assert found.detail.endswith("not ready (HTTP 200)")


@pytest.mark.parametrize("checks", [None, [], "all", {"database": "bad"}, {"database": None}])
def test_checks_of_another_shape_are_passed_over(checks: Any) -> None:
    found = _look({"/health": (200, _body("healthy")), "/health/ready": (503, {"checks": checks})})
    assert found.detail.endswith("not ready (HTTP 503)")


def test_a_release_without_a_ready_page_is_not_ready() -> None:
    assert not _look({"/health": (200, _body("healthy"))}).ready
