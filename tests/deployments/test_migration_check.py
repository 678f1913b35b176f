"""What the log and the database say of the migrations."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.checks.base import Result, Target
from deployments.checks.migrations import Migrations
from tests.deployments.test_eras import a_school

pytestmark = pytest.mark.django_db
OK = "OK: Database migrations applied successfully\n[run_migrations] EXIT OK\n"
BENIGN = "[run_migrations] benign error: (sqlite3.OperationalError) table students already exists\n"


def judged(log: str, monkeypatch: pytest.MonkeyPatch, heads: str = "b") -> Result:
    """The verdict on an SMS at revision b whose log says this."""
    target = Target(a_school("http://127.0.0.1:9"), heads=heads)
    said: Any = lambda *_: log  # noqa: E731
    monkeypatch.setattr(target.runtime, "logs", said)
    return Migrations().run(target)


def test_an_error_that_was_passed_over_is_reported_as_a_drift_of_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(BENIGN * 2 + OK, monkeypatch)
    assert result.verdict == "warn"
    assert result.detail.startswith("The schema may have drifted: 2 errors passed over, like [run_migrations] benign")
    assert result.fix == "Compare the tables with the release's migrations; part of one may be missing."


@pytest.mark.parametrize("line", ["ERROR: Migration failed with exit code 1", "[run_migrations] EXCEPTION: Boom: x",
                                  "Migration runner reported failure"])  # fmt: skip
def test_a_failure_in_the_log_fails_whatever_else_it_says(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(f"{line}\n{BENIGN}{OK}", monkeypatch)
    assert (result.verdict, result.detail) == ("fail", f"The log says: {line}")


def test_migrations_that_were_left_out_are_named_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged("SMS_SKIP_MIGRATIONS set; skipping automatic DB migrations\n", monkeypatch, heads="c")
    assert result.detail == "The database is at b, the release needs c."
    assert (result.verdict, result.fix) == ("fail", "SMS_SKIP_MIGRATIONS is set.")


def test_the_log_of_a_good_start_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(OK, monkeypatch)
    assert (result.verdict, result.detail) == ("pass", "The log says they were applied; the database is at b.")
