"""The lists everybody works with, in the shape of every era (runbook §2; sms-contract §3)."""

from __future__ import annotations

from typing import Any

from deployments.checks import answers
from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.checks.registry import register


@register
class Students(Check):
    key, title, section, stages, order = "students", "Students", "§2", (CHECKLIST,), 80
    path = "/api/v1/students/?limit=5"  # without the slash before the question mark it is a redirect
    table = "students"

    def run(self, target: Target) -> Result:
        answer = target.ask(self.path)
        if target.lacks_account(answer):
            return self.skipped("SMS wants a token for it, and no smoke account is set for this environment.")
        if not answer.ok:
            why, fix = answers.cause(answer)
            return self.failed(f"{self.path} answers {why}.", fix)
        rows = rows_of(answer.json())
        if rows is None:
            return self.failed(f"{self.path} does not answer with a list.")
        stored = target.rows.get(self.table, 0)
        if stored and not rows:
            return self.failed(f"The list is empty although the database has {stored:,} {self.table}.")
        return self.passed(
            f"The list answers in {answer.seconds * 1000:.0f} ms; {stored:,} {self.table} in the database."
        )


@register
class Grades(Students):
    key, title, section, stages, order = "grades", "Grades", "§2", (CHECKLIST,), 90
    path = "/api/v1/grades/?limit=5"
    table = "grades"


def rows_of(body: Any) -> list[Any] | None:
    """The rows of a list answer in any era's shape: an array, `{items}`, or either in an envelope."""
    if isinstance(body, dict) and "data" in body and "items" not in body:
        body = body["data"]
    if isinstance(body, dict):
        body = body.get("items")
    return body if isinstance(body, list) else None
