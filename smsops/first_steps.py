"""What is still to be done once the first backup of an environment is there; each room adds its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smsops.models import Environment


@dataclass(frozen=True)
class FirstStep:
    """One of them: what to do and why, where, and whether it is done. Without an address it is done in a terminal, by
    the command in `why`."""

    title: str
    why: str
    done: Callable[[Environment], bool]
    address: Callable[[Environment], str] | None = None
    permission: str = "smsops.view_environment"


@dataclass(frozen=True)
class Told:
    """A step as it stands at one environment."""

    title: str
    why: str
    done: bool
    url: str = ""


_STEPS: list[FirstStep] = []


def add(*steps: FirstStep) -> None:
    """Let rooms say what comes next, in this order."""
    _STEPS.extend(step for step in steps if step not in _STEPS)


def of(environment: Environment, may: Callable[[str], bool]) -> Sequence[Told]:
    """All steps; the address only for who may go there."""
    return [
        Told(step.title, step.why, step.done(environment),
             step.address(environment) if step.address is not None and may(step.permission) else "")
        for step in _STEPS
    ]  # fmt: skip
