"""The verification checklist of a running SMS (runbook §3), in terms of what SMS really does (sms-contract)."""

from __future__ import annotations

import re
from typing import Any

from deployments.checks.base import Check, Result, Target
from deployments.checks.signing_key import SessionsKept
from smsops import health

# The runbook's “Alembic upgrade complete” is never printed; these are (sms-contract, surprise 8).
MARKERS = ("OK: Database migrations applied successfully", "[run_migrations] EXIT OK")
BAD_MARKERS = ("ERROR: Migration failed", "[run_migrations] EXCEPTION")
LOGIN, ME = "/api/v1/auth/login", "/api/v1/auth/me"
LOG_LINES = 400
_BUNDLE = re.compile(r"""["'](/?assets/[^"']+\.js)["']""")


class HealthEndpoint(Check):
    key, title, section = "health", "Health", "§3"

    def run(self, target: Target) -> Result:
        answer = target.ask(health.HEALTH)
        status = health.status_of(answer)
        detail = f"/health says {status} ({answer.describe()}, {answer.seconds * 1000:.0f} ms)."
        return self.passed(detail) if status == "healthy" else self.failed(detail)


class Readiness(Check):
    key, title, section = "ready", "Readiness", "§2"

    def run(self, target: Target) -> Result:
        seen = health.look(target.base_url)
        return self.passed("SMS calls itself ready.") if seen.ready else self.failed(f"{seen.detail}.")


class Migrations(Check):
    key, title, section = "migrations", "Migrations", "§3"

    def run(self, target: Target) -> Result:
        running = target.instance
        log = target.runtime.logs(target.name, LOG_LINES, running.started_at if running else None)
        bad = [line for line in log.splitlines() if any(marker in line for marker in BAD_MARKERS)]
        if bad:
            return self.failed(f"The log says: {bad[-1].strip()[:200]}")
        revision = target.database.revision()
        if target.heads and revision != target.heads:
            return self.failed(f"The database is at {revision or 'no revision'}, the release needs {target.heads}.")
        if any(marker in log for marker in MARKERS):
            return self.passed(f"The log says they were applied; the database is at {revision}.")
        if not target.heads:
            return self.warned("Neither the log nor the release tells whether the migrations ran.")
        return self.passed(f"The database is at {revision}; the log does not mention it any more.")


class Login(Check):
    key, title, section = "login", "Login", "§3"

    def run(self, target: Target) -> Result:
        environment = target.environment
        if not environment.smoke_email:
            return self.skipped("No smoke account is set for this environment.")
        account = {"email": environment.smoke_email, "password": environment.smoke_password}
        answer = target.ask(LOGIN, method="POST", payload=account)
        if answer.code == 429:
            return self.failed(
                "The smoke account is locked or the rate limit is reached (HTTP 429).", "Wait, then retry."
            )
        if not answer.ok:
            return self.failed(f"No token was issued ({answer.describe()}).", "Check the account and SMS's log.")
        token = health.unwrap(answer.json()).get("access_token")
        if not token:
            return self.failed("The answer has no access token.")
        target.token = token
        me = target.ask(ME)
        if me.code == 401:
            fix = "SECRET_KEY differs between signing and checking; see runbook §5.3.4."
            return self.failed("A token was issued but is refused (HTTP 401).", fix)
        if not me.ok:
            return self.failed(f"A token was issued but {ME} answers {me.describe()}.")
        return self.passed("A token was issued and is accepted.")


class Students(Check):
    key, title, section = "students", "Students", "§2"
    path = "/api/v1/students/?limit=5"
    table = "students"

    def run(self, target: Target) -> Result:
        answer = target.ask(self.path)
        if not answer.ok:
            return self.failed(f"{self.path} answers {answer.describe()}.")
        rows = rows_of(answer.json())
        if rows is None:
            return self.failed(f"{self.path} does not answer with a list.")
        stored = target.database.row_counts().get(self.table, 0)
        if stored and not rows:
            return self.failed(f"The list is empty although the database has {stored:,} {self.table}.")
        return self.passed(
            f"The list answers in {answer.seconds * 1000:.0f} ms; {stored:,} {self.table} in the database."
        )


class Grades(Students):
    key, title, section = "grades", "Grades", "§2"
    path = "/api/v1/grades/?limit=5"
    table = "grades"


class Bundle(Check):
    """Unknown paths answer with index.html and 200, so only the bundle itself tells (sms-contract, surprise 20)."""

    key, title, section = "bundle", "Static assets", "§3"

    def run(self, target: Target) -> Result:
        page = target.ask("/")
        if "text/html" not in page.headers.get("content-type", ""):
            return self.failed(f"/ is not a page ({page.describe()}).", "The frontend is missing from the image.")
        paths = _BUNDLE.findall(page.body.decode("utf-8", "replace"))
        if not paths:
            return self.failed("The page names no main bundle.", "The frontend was not built.")
        for path in paths:
            answer = target.ask("/" + path.lstrip("/"))
            if not answer.ok or "javascript" not in answer.headers.get("content-type", ""):
                return self.failed(f"{path} is missing ({answer.describe()}).", "Rebuild the image with its frontend.")
        return self.passed(f"{paths[0]} is there.")


def rows_of(body: Any) -> list[Any] | None:
    """The rows of a list answer in any era's shape: an array, `{items}`, or either in an envelope."""
    if isinstance(body, dict) and "data" in body and "items" not in body:
        body = body["data"]
    if isinstance(body, dict):
        body = body.get("items")
    return body if isinstance(body, list) else None


CHECKLIST: tuple[Check, ...] = (
    HealthEndpoint(),
    Readiness(),
    Migrations(),
    Login(),
    SessionsKept(),
    Students(),
    Grades(),
    Bundle(),
)
