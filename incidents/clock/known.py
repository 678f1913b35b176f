"""The ways back there are, the gentlest first: each is a response, and so a button with a page of its own."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.rto import scenarios
from deployments.rto.scenarios import Scenario
from incidents.responses.known import RESPONSES, Response


@dataclass(frozen=True)
class Kind:
    """`scenario` is what the runbook expects of it, where it says anything. A way that goes `back` in the data loses
    what was written since; the others leave what is damaged as it is."""

    key: str
    rank: int
    scenario: Scenario | None = None
    back: bool = False

    @property
    def response(self) -> Response:
        return RESPONSES[self.key]

    @property
    def title(self) -> str:
        return self.response.title


# Of those that go back in the data the one that loses least is the gentlest, which is known when they are looked at.
KINDS = (
    Kind("restart", 0),
    Kind("rollback_code", 1, scenarios.CODE),
    Kind("rollback_schema", 2, scenarios.SCHEMA),
    Kind("restore_to", 3, scenarios.RESTORE, back=True),
    Kind("restore", 3, scenarios.RESTORE, back=True),
    Kind("rollback_data", 3, scenarios.RESTORE, back=True),
)
BY_KEY = {kind.key: kind for kind in KINDS}
