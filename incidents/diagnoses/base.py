"""What a step of a diagnosis is, and which there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from incidents.models import Incident
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runtimes.base import Instance, Runtime
from smsops.runtimes.registry import runtime_for


class Verdict(StrEnum):
    CAUSE = "cause"  # this explains it
    CLEAR = "clear"  # this is not it
    UNKNOWN = "unknown"  # it could not be told


@dataclass(frozen=True)
class Seen:
    """What was seen, in a sentence or two; of a cause, also by which responses it is met."""

    verdict: Verdict
    text: str
    helps: tuple[str, ...] = ()


@dataclass
class Case:
    """What is looked at."""

    incident: Incident

    @property
    def environment(self) -> Environment:
        return self.incident.environment

    @cached_property
    def runtime(self) -> Runtime:
        return runtime_for(self.environment)

    @property
    def instance(self) -> Instance | None:
        return self.runtime.inspect(self.environment.instance)


class Diagnosis:
    """One question. `params` are the playbook's; a mistaken one is OpsError. Looking changes nothing."""

    key: ClassVar[str]
    title: ClassVar[str]
    wants: ClassVar[tuple[str, ...]] = ()  # names of parameters that must be given
    helps: ClassVar[tuple[str, ...]] = ()

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        raise NotImplementedError

    def cause(self, text: str) -> Seen:
        return Seen(Verdict.CAUSE, text, self.helps)

    @staticmethod
    def clear(text: str) -> Seen:
        return Seen(Verdict.CLEAR, text)

    @staticmethod
    def unknown(text: str) -> Seen:
        return Seen(Verdict.UNKNOWN, text)


D = TypeVar("D", bound=type[Diagnosis])
_KNOWN: dict[str, Diagnosis] = {}


def register(diagnosis: D) -> D:
    """Make one known, as a decorator; twice the same key with another class is a mistake of the program."""
    known = _KNOWN.setdefault(diagnosis.key, diagnosis())
    if type(known) is not diagnosis:
        raise RuntimeError(f"two diagnoses are called {diagnosis.key}")
    return diagnosis


def known() -> dict[str, Diagnosis]:
    """All of them by key."""
    return dict(_KNOWN)


def get(key: str) -> Diagnosis:
    """The diagnosis of that key; OpsError naming the known ones."""
    if key not in _KNOWN:
        raise OpsError(f"There is no diagnosis “{key}”; known are {', '.join(sorted(_KNOWN))}.")
    return _KNOWN[key]
