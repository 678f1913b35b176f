"""What a check is and what it says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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

PATIENCE, IMPATIENCE = 10.0, 2.0  # seconds; SMS's own /health may take five (sms-contract, surprise 15)


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
    section: str = ""
    seconds: float = 0.0

    @property
    def line(self) -> str:
        return f"{self.verdict.upper():4} {self.title}: {self.detail}"

    @property
    def lines(self) -> list[str]:
        """The line, and below it what to do."""
        return [self.line, *([f"     {self.fix}"] if self.fix else [])]


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
    baseline: Mapping[str, int] | None = None  # rows per table before the change that is judged; None: nothing changed
    service: Service | None = None  # another SMS than the real one: a sandbox's
    token: str = field(default="", repr=False)  # filled by the login check, used by those after it
    silent: bool = False  # SMS left the last question without an answer: the next one is waited for less long

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

    @cached_property
    def rows(self) -> dict[str, int]:
        """Rows per table in the database as the worker sees it, counted once."""
        return self.database.row_counts()

    def lacks_account(self, answer: Answer) -> bool:
        """Whether SMS refused only because smsops has no account there."""
        return answer.code in (401, 403) and not self.environment.smoke_email

    def ask(self, path: str, *, as_nobody: bool = False, **how: Any) -> Answer:
        """One request to SMS, as the smoke account where it is logged in."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token and not as_nobody else {}
        answer = ask(self.base_url, path, timeout=IMPATIENCE if self.silent else PATIENCE, headers=headers, **how)
        self.silent = not answer.answered
        return answer


PRECONDITIONS, CHECKLIST = "preconditions", "checklist"  # before SMS is touched (§1), and of a running one (§3)


class Check:
    """One question with a yes or a no. `section` is the runbook's; those of a stage are asked by their `order`."""

    key: ClassVar[str]
    title: ClassVar[str]
    section: ClassVar[str]
    stages: ClassVar[tuple[str, ...]]
    order: ClassVar[int] = 500
    always: ClassVar[bool] = False  # no environment may switch it off

    def run(self, target: Target) -> Result:
        raise NotImplementedError

    def passed(self, detail: str) -> Result:
        return self.judged(Verdict.PASS, detail)

    def warned(self, detail: str, fix: str = "") -> Result:
        return self.judged(Verdict.WARN, detail, fix)

    def failed(self, detail: str, fix: str = "") -> Result:
        return self.judged(Verdict.FAIL, detail, fix)

    def skipped(self, detail: str, fix: str = "") -> Result:
        return self.judged(Verdict.SKIP, detail, fix)

    def judged(self, verdict: Verdict, detail: str, fix: str = "") -> Result:
        return Result(self.key, self.title, verdict, detail, fix, self.section)


def run_all(checks: Sequence[Check], target: Target) -> list[Result]:
    """Run checks in order; one that cannot be carried out has failed, with the reason, and one that the environment has
    switched off says so."""
    off = target.environment.checks_off
    return [
        check.skipped(f"Switched off here: {off[check.key]}") if check.key in off and not check.always
        else _timed(check, target)
        for check in checks
    ]  # fmt: skip


def _timed(check: Check, target: Target) -> Result:
    began = time.monotonic()
    try:
        result = check.run(target)
    except OpsError as error:
        result = check.failed(error.message, error.fix)
    return replace(result, seconds=round(time.monotonic() - began, 3))


def failures(results: Sequence[Result]) -> list[Result]:
    """Those that stand in the way."""
    return [result for result in results if result.verdict == Verdict.FAIL]


def as_data(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Results as JSON."""
    return [asdict(result) for result in results]
