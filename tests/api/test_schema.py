"""Requests made up from the schema, right and wrong ones: the API answers each as the schema says.

Every check of schemathesis is on; the same requests are made every time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from smsops.api import rates, site
from smsops.wsgi import application
from tests.api.calls import Scene
from tests.api.programs import Program
from tests.factories import make_backup, make_incident, make_run

AIMS = ("backup", "at", "before_run")  # of a restore: one of them
EXAMPLES = 15
schema = schemathesis.openapi.from_dict(site.schema())
schema.app = application


@dataclass
class World:
    """Somebody who may do everything, and something to do it to."""

    scene: Scene = field(default_factory=Scene)
    program: Program = field(default_factory=Program)

    def __post_init__(self) -> None:
        school = self.scene.school
        self.numbers = {
            "runs": make_run(school).pk,
            "backups": make_backup(school).pk,
            "incidents": make_incident(school).pk,
        }

    def aim(self, case: schemathesis.Case[Any]) -> None:
        """Let a right request be about something that is there, and say what no schema can ask for: the name typed
        rightly, exactly one aim, a key of its own."""
        meta, parts = case.meta, case.path_parameters
        if meta is None or not meta.generation.mode.is_positive:
            return
        if "name" in parts:
            parts["name"] = self.scene.school.name
        if "number" in parts:
            parts["number"] = self.numbers[case.path.removeprefix(f"/{site.ROOT}/").partition("/")[0]]
        if "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
        if isinstance(case.body, dict):
            case.body |= {"confirm": self.scene.school.name} if "confirm" in case.body else {}
            if case.path.endswith("/restore") and not any(case.body.get(name) for name in AIMS):
                case.body["backup"] = "latest"
        for told in (case.query, case.body):
            self._one_aim(told)

    def _one_aim(self, told: Any) -> None:
        if isinstance(told, Mapping):
            for name in [name for name in AIMS if told.get(name) is not None][1:]:
                told.pop(name)  # type: ignore[attr-defined]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
def test_it_answers_as_its_schema_says(case: schemathesis.Case[Any], world: World) -> None:
    rates.forget()
    world.aim(case)
    case.call_and_validate(headers={"Authorization": f"Bearer {world.program.text}"})
