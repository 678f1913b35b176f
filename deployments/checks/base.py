"""What a check is and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar

from backups.services import databases
from backups.services.databases.base import Database
from smsops.errors import OpsError
from smsops.http import Answer, ask
from smsops.models import Environment
from smsops.runtimes.base import Instance, Runtime
from smsops.runtimes.registry import runtime_for
from smsops.switch.service import Service


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True)
class Result:
    """A check's verdict in one sentence, and what to do about it."""

    key: str
    title: str
    verdict: str
    detail: str
    fix: str = ""

    @property
    def line(self) -> str:
        return f"{self.verdict.upper():4} {self.title}: {self.detail}{' ' + self.fix if self.fix else ''}"


@dataclass
class Target:
    """What is checked: an environment and, where a release is about to run or runs there, what is known of it."""

    environment: Environment
    version: str = ""
    image_id: str = ""
    heads: str = ""
    revisions: Sequence[str] = ()
    notes: str = ""
    at: Sequence[str] | None = None  # the revisions the database will be at when it starts; None: those of now
    service: Service | None = None  # another SMS than the real one: a sandbox's
    token: str = field(default="", repr=False)  # filled by the login check, used by those after it

    @cached_property
    def runtime(self) -> Runtime:
        return self.service.runtime if self.service else runtime_for(self.environment)

    @property
    def name(self) -> str:
        return self.service.name if self.service else self.environment.instance

    @property
    def base_url(self) -> str:
        return self.service.base_url if self.service else self.environment.base_url

    @property
    def instance(self) -> Instance | None:
        return self.runtime.inspect(self.name)

    @property
    def database(self) -> Database:
        return databases.of(self.environment, self.runtime)

    def ask(self, path: str, **how: Any) -> Answer:
        """One request to SMS, as the smoke account where it is logged in."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return ask(self.base_url, path, timeout=10, headers=headers, **how)


class Check:
    """One question with a yes or a no. `section` is the runbook's."""

    key: ClassVar[str]
    title: ClassVar[str]
    section: ClassVar[str]

    def run(self, target: Target) -> Result:
        raise NotImplementedError

    def passed(self, detail: str) -> Result:
        return Result(self.key, self.title, Verdict.PASS, detail)

    def warned(self, detail: str, fix: str = "") -> Result:
        return Result(self.key, self.title, Verdict.WARN, detail, fix)

    def failed(self, detail: str, fix: str = "") -> Result:
        return Result(self.key, self.title, Verdict.FAIL, detail, fix)

    def skipped(self, detail: str) -> Result:
        return Result(self.key, self.title, Verdict.SKIP, detail)


def run_all(checks: Sequence[Check], target: Target) -> list[Result]:
    """Run checks in order; one that cannot be carried out has failed, with the reason."""
    results = []
    for check in checks:
        try:
            results.append(check.run(target))
        except OpsError as error:
            results.append(check.failed(error.message, error.fix))
    return results


def failures(results: Sequence[Result]) -> list[Result]:
    """Those that stand in the way."""
    return [result for result in results if result.verdict == Verdict.FAIL]


def as_data(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Results as JSON."""
    return [asdict(result) for result in results]
