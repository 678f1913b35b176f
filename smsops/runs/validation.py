"""Steps that other rooms add behind any change of SMS, like the deployments' checklist; the kernel knows only keys."""

from __future__ import annotations

from smsops.models import Environment
from smsops.runs.plan import PlannedStep

_KEYS: list[str] = []


def add_validation(key: str) -> None:
    """Let a step of this kind follow every restore, deploy and rollback."""
    if key not in _KEYS:
        _KEYS.append(key)


def validation_steps(environment: Environment) -> tuple[PlannedStep, ...]:
    """The steps that validate SMS after a change at this environment."""
    return tuple(PlannedStep(key) for key in _KEYS)
