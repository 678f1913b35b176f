"""The scenarios of runbook §6.2: which runs are one of them, and what the runbook expects of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smsops.models import Phase

Span = tuple[float, float]


@dataclass(frozen=True)
class Scenario:
    """One line of the table. `expected` and `minutes`, of the whole, are the runbook's; empty where it says nothing.

    Its minutes are as printed there: those of the full restore are not quite the sum of its phases.
    """

    key: str
    title: str
    kinds: tuple[str, ...]  # of the runs among which they are
    expected: Mapping[str, Span] = field(default_factory=dict)
    minutes: Span | None = None
    practice: bool = False  # in a sandbox: never counted to the real ones


def _expected(detect: Span, prepare: Span, execute: Span, validate: Span) -> dict[str, Span]:
    return dict(zip(map(str, Phase.values), (detect, prepare, execute, validate), strict=True))


NOTICED = (1.0, 2.0)
CODE = Scenario("code", "Code-only rollback", ("rollback",), _expected(NOTICED, (1, 1), (2, 3), (2, 3)), (6, 9))
SCHEMA = Scenario("schema", "Schema rollback", ("rollback",), _expected(NOTICED, (0, 0), (3, 6), (3, 5)), (7, 13))
RESTORE = Scenario(
    "restore", "Full restore", ("rollback", "restore"), _expected(NOTICED, (1, 1), (5, 8), (2, 3)), (9, 16)
)
DEPLOY = Scenario("deploy", "Deploy", ("deploy",))
DRILL = Scenario("drill", "Drill", ("drill",), practice=True)
REHEARSAL = Scenario("rehearsal", "Rehearsal", ("rehearsal",), practice=True)
SCENARIOS = (CODE, SCHEMA, RESTORE, DEPLOY, DRILL, REHEARSAL)
KINDS = ("rollback", "restore", "deploy", "drill", "rehearsal")
_BY_KEY = {scenario.key: scenario for scenario in SCENARIOS}


def of(kind: str, params: Mapping[str, Any]) -> Scenario | None:
    """The scenario a run of this kind is; a rollback with a backup's data is a full restore."""
    if kind == "rollback":
        return _BY_KEY.get(str(params.get("strategy", "code")), CODE)
    return _BY_KEY.get(kind) if kind in KINDS else None
