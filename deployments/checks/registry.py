"""Which checks there are: those of this room, those other rooms add, and those of the operator's own modules."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

from deployments.checks.base import CHECKLIST, PRECONDITIONS, Check
from smsops.errors import WrongUse

STAGES = (PRECONDITIONS, CHECKLIST)
C = TypeVar("C", bound=type[Check])
_CHECKS: dict[str, Check] = {}


def register(check: C) -> C:
    """Make a check known, as a decorator or a call; where it stands among the others is its own `order`.

    Twice the same key with another class, or a stage that nobody asks, is a mistake of the program.
    """
    if not check.stages or set(check.stages) - set(STAGES):
        raise RuntimeError(f"the check {check.key} has other stages than {', '.join(STAGES)}")
    known = _CHECKS.setdefault(check.key, check())
    if type(known) is not check:
        raise RuntimeError(f"two checks are called {check.key}")
    return check


def load(modules: Sequence[str]) -> None:
    """Import the operator's own modules, whose checks register themselves. ImproperlyConfigured names one that cannot
    be imported."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ImproperlyConfigured(f"SMSOPS_CHECK_MODULES: {name} cannot be imported: {error}.") from error


def of_stage(stage: str, only: Sequence[str] = ()) -> list[Check]:
    """The checks of a stage in their order, or those of them with the given keys. WrongUse naming the known ones."""
    found = sorted((check for check in _CHECKS.values() if stage in check.stages), key=lambda check: check.order)
    keys = [check.key for check in found]
    for key in only:
        if key not in keys:
            raise WrongUse(f"There is no check “{key}” among them; known are {', '.join(keys)}.")
    return [check for check in found if not only or check.key in only]


def known() -> list[Check]:
    """All checks, in their order."""
    return sorted(_CHECKS.values(), key=lambda check: (check.stages[0] != PRECONDITIONS, check.order))
