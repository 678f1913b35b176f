"""`ops check` and `ops preflight`: a line for each, the fix below it, and an exit code that says whether any failed."""

from __future__ import annotations

import pytest

from deployments.models import CheckResult
from tests.factories import make_environment, make_release
from tests.ops.terminal import Terminal


@pytest.fixture
def demo(transactional_db: None) -> None:
    make_release(make_environment(name="demo"), "1.18.0")


def test_the_fix_stands_below_what_failed(ops: Terminal, demo: None) -> None:
    said = ops("preflight", "demo", "1.18.0", "--only", "image", "secrets")
    assert said.lines[0] == "WARN Secrets: No env file is set, so SMS's SECRET_KEY cannot be judged."
    assert said.lines[1] == "     Set the env file."
    assert said.lines[2].startswith("PASS Image: 1.18.0 is tree:")
    assert (said.code, len(said.lines)) == (0, 3)


def test_one_failure_is_enough_for_exit_code_1(ops: Terminal, demo: None) -> None:
    said = ops("check", "demo", "--only", "health", "rate_limit")
    assert said.code == 1
    assert [line[:4] for line in said.lines] == ["FAIL", "    ", "SKIP", "    "]


def test_a_check_that_is_skipped_or_warns_is_no_failure(ops: Terminal, demo: None) -> None:
    assert ops("check", "demo", "--only", "rate_limit", "login").code == 0


def test_json_has_a_document_for_each_check(ops: Terminal, demo: None) -> None:
    said = ops("check", "demo", "--only", "health", "--json")
    (found,) = said.document
    assert (found["key"], found["section"], found["verdict"], found["fix"]) == (
        "health", "§3", "fail", "Look into SMS's log.")  # fmt: skip


@pytest.mark.parametrize("words", ["check demo --only printer", "preflight demo 1.18.0 --only health"])
def test_an_unknown_key_is_wrong_use_and_asks_nothing(ops: Terminal, demo: None, words: str) -> None:
    said = ops(*words.split())
    assert (said.code, said.out) == (2, "")
    assert said.complaint.startswith(f"There is no check “{words.split()[-1]}” among them; known are ")
    assert not CheckResult.objects.exists()


def test_what_was_said_is_kept(ops: Terminal, demo: None) -> None:
    ops("check", "demo", "--only", "health")
    ops("preflight", "demo", "1.18.0", "--only", "image")
    kept = CheckResult.objects.filter(run=None).order_by("pk").values_list("stage", "key")
    assert list(kept) == [("checklist", "health"), ("preconditions", "image")]
