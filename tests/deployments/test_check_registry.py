"""Which checks there are, in which order, and how others add theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.checks import registry
from deployments.checks.base import CHECKLIST, PRECONDITIONS, Check, Result, Target
from smsops.errors import WrongUse
from tests.ops.terminal import MANAGE

OWN = """
from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.checks.registry import register


@register
class Printer(Check):
    key, title, section, stages, order = "printer", "Printer", "own", (CHECKLIST,), 15

    def run(self, target: Target) -> Result:
        return self.passed("It has paper.")
"""


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is gone after it."""
    monkeypatch.setattr(registry, "_CHECKS", dict(registry._CHECKS))
    yield


class Mine(Check):
    key, title, section, stages, order = "mine", "Mine", "own", (PRECONDITIONS,), 15

    def run(self, target: Target) -> Result:
        return self.passed("Well.")


def keys(stage: str) -> list[str]:
    return [check.key for check in registry.of_stage(stage)]


def test_a_check_stands_where_its_order_says() -> None:
    registry.register(Mine)
    assert keys(PRECONDITIONS)[:3] == ["secrets", "mine", "env_file"]


def test_the_rate_limit_is_tried_out_last() -> None:
    assert keys(CHECKLIST)[-2:] == ["caching", "rate_limit"]


def test_the_same_check_registers_twice_and_another_of_its_key_does_not() -> None:
    registry.register(registry.register(Mine))
    other = type("Other", (Mine,), {})
    with pytest.raises(RuntimeError, match="two checks are called mine"):
        registry.register(other)


@pytest.mark.parametrize("stages", [(), ("nightly",)])
def test_a_check_that_nobody_would_ask_is_a_mistake_of_the_program(stages: tuple[str, ...]) -> None:
    with pytest.raises(RuntimeError, match="other stages than preconditions, checklist"):
        registry.register(type("Lost", (Mine,), {"stages": stages}))


def test_only_those_with_the_given_keys_are_asked() -> None:
    assert [check.key for check in registry.of_stage(CHECKLIST, ["login", "health"])] == ["health", "login"]


def test_a_key_that_is_none_of_the_stage_is_wrong_use_and_the_known_ones_are_named() -> None:
    with pytest.raises(WrongUse, match="There is no check “secrets” among them; known are health, ready, "):
        registry.of_stage(CHECKLIST, ["secrets"])


def django(folder: Path, modules: str) -> subprocess.CompletedProcess[str]:
    """Start smsops with these modules of the operator's, and list the checks."""
    code = "from deployments.checks import registry; print(*[check.key for check in registry.of_stage('checklist')])"
    own = {"PYTHONPATH": str(folder), "SMSOPS_CHECK_MODULES": modules, "SMSOPS_DATA_DIR": str(folder / "var")}
    command = [sys.executable, str(MANAGE), "shell", "--no-imports", "--command", code]
    return subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, timeout=60, check=False)


def test_an_operators_own_module_adds_its_checks(tmp_path: Path) -> None:
    (tmp_path / "school_checks.py").write_text(OWN)
    assert django(tmp_path, "school_checks").stdout.startswith("health printer ready ")


def test_a_module_that_cannot_be_imported_is_named_at_the_start(tmp_path: Path) -> None:
    said = django(tmp_path, "nowhere_to_be_found")
    assert said.returncode != 0
    assert "SMSOPS_CHECK_MODULES: nowhere_to_be_found cannot be imported" in said.stderr
