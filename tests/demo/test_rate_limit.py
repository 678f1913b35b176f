"""The rate limit counts per address and endpoint."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.native import Native


@pytest.fixture(scope="module")
def strict(tree: Callable[[str], Path], new_school: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    """A release with low limits; every test uses endpoints of its own."""
    database = Path(shutil.copy(new_school, tmp_path_factory.mktemp("strict") / "school.db"))
    with Native(tree("1.19.0"), database, RATE_LIMIT_READ="60", RATE_LIMIT_AUTH="2") as running:
        yield running.started()


def test_the_read_limit_refuses_one_endpoint_and_spares_the_others(strict: Native) -> None:
    statuses = [strict.get("/api/v1/students/?limit=1").status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    assert strict.get("/api/v1/students/").json == {"error": "Rate limit exceeded: 60 per 1 minute"}
    assert strict.get("/api/v1/courses/").status == 200


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/live", "/metrics", "/"])
def test_health_and_metrics_are_never_limited(strict: Native, path: str) -> None:
    assert {strict.get(path).status for _ in range(61)} == {200}


def test_sign_in_has_its_own_limit(strict: Native) -> None:
    assert [strict.login().status for _ in range(3)] == [200, 200, 429]
