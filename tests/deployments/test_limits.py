"""The rate limit is tried out only where that is allowed, within bounds, and a lockout is not taken for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deployments.checks import limits
from deployments.checks.base import Result, Target
from tests.deployments.eras import shapes
from tests.deployments.eras.server import Answer, Reply, Server, serving
from tests.factories import make_environment

pytestmark = pytest.mark.django_db
LIST = "GET /api/v1/students/"
ROWS = Reply([{"id": 1}])


def tried(answer: Answer, version: str = "1.9.8", **fields: Any) -> tuple[Result, Server]:
    with serving({LIST: answer}) as server:
        environment = make_environment(base_url=server.url, **{"rate_limit_check": True, **fields})
        return limits.RateLimit().run(Target(environment, version=version)), server


def test_where_it_is_not_allowed_nothing_is_asked_and_the_reason_is_said() -> None:
    result, server = tried(ROWS, rate_limit_check=False)
    assert (result.verdict, sum(server.asked.values())) == ("skip", 0)
    assert result.detail == "Not allowed here: it uses up a minute's requests, behind a proxy those of everybody."
    assert result.fix == "Allow it on the environment's page where nobody works."


@pytest.mark.parametrize(("version", "verdict", "sent"), [("1.9.8", "warn", 80), ("1.18.1", "warn", 320),
                                                          ("1.18.53", "fail", 1020), ("", "fail", 1020)])  # fmt: skip
def test_no_more_is_sent_than_the_era_allows_and_twenty(version: str, verdict: str, sent: int) -> None:
    result, server = tried(ROWS, version)
    assert (result.verdict, server.asked[LIST]) == (verdict, sent)
    assert result.detail.startswith(f"{sent:,} requests were all answered, in ")


def test_a_limit_that_cannot_be_reached_in_time_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE", 0.0)
    result, server = tried(ROWS)
    assert (result.verdict, server.asked[LIST]) == ("warn", 0)
    assert result.detail.endswith("the limit of 60 a minute cannot be reached from here in 0 s.")


LOCKED = {"error_id": "AUTH_ACCOUNT_LOCKED", "message": "Too many attempts"}


@pytest.mark.parametrize(
    "reply", [Reply({"detail": "no"}, 429, {"Retry-After": "240"}), Reply({"detail": LOCKED}, 429)]
)
def test_a_lockout_is_not_the_limit(reply: Reply) -> None:
    result, server = tried(reply)
    assert (result.verdict, server.asked[LIST]) == ("fail", 1)
    assert "the account is locked" in result.detail


def test_an_error_on_the_way_ends_it() -> None:
    result, server = tried(lambda asked: ROWS if asked.number < 7 else Reply("down", 500))
    assert (result.verdict, server.asked[LIST]) == ("fail", 7)
    assert result.detail == "Request 7 of them was answered otherwise: HTTP 500."


def test_without_an_account_a_list_that_wants_one_is_skipped() -> None:
    result, _ = tried(Reply({"detail": "Not authenticated"}, 401))
    assert result.verdict == "skip"
    assert result.detail == "SMS wants a token for it, and no smoke account is set for this environment."


@pytest.fixture
def uncertain() -> Iterator[Server]:
    with serving({LIST: Reply("Bad gateway", 502)}) as server:
        yield server


def test_caching_prints_both_times_and_never_fails(uncertain: Server) -> None:
    away = limits.Caching().run(Target(make_environment(base_url=uncertain.url)))
    assert (away.verdict, away.detail) == ("skip", "The list does not answer (HTTP 502).")
    with serving(shapes.well("b")) as server:
        result = limits.Caching().run(Target(make_environment(base_url=server.url)))
    assert result.verdict == "pass"
    assert result.detail.count(" ms") == 2
    assert "only observed" in result.detail
