"""Whether the migrations really ran: the log's own words, and the revision of the database (runbook §3)."""

from __future__ import annotations

from collections.abc import Iterable

from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.checks.registry import register
from smsops.text import count_text

# The runbook's “Alembic upgrade complete” is never printed; these are (sms-contract §7, surprise 8).
MARKERS = ("OK: Database migrations applied successfully", "[run_migrations] EXIT OK")
BAD_MARKERS = (
    "ERROR: Migration failed",
    "[run_migrations] EXCEPTION",
    "Migration runner reported failure",
)
DRIFT = "[run_migrations] benign error:"  # “already exists” counts as success there, and whatever came after is missing
LEFT_OUT = "SMS_SKIP_MIGRATIONS set"
LOG_LINES = 400


@register
class Migrations(Check):
    key, title, section, stages, order = "migrations", "Migrations", "§3", (CHECKLIST,), 40

    def run(self, target: Target) -> Result:
        running = target.instance
        log = target.runtime.logs(target.name, LOG_LINES, running.started_at if running else None)
        if bad := saying(log, BAD_MARKERS):
            return self.failed(f"The log says: {bad[-1][:200]}", "Look into SMS's log, and roll back.")
        revision = target.database.revision()
        if target.heads and revision != target.heads:
            said = f"The database is at {revision or 'no revision'}, the release needs {target.heads}."
            return self.failed(said, "SMS_SKIP_MIGRATIONS is set." if LEFT_OUT in log else "Look into SMS's log.")
        if drift := saying(log, (DRIFT,)):
            said = f"The schema may have drifted: {count_text(len(drift), 'error')} passed over, like {drift[-1][:200]}"
            return self.warned(said, "Compare the tables with the release's migrations; part of one may be missing.")
        if saying(log, MARKERS):
            return self.passed(f"The log says they were applied; the database is at {revision}.")
        if not target.heads:
            return self.warned("Neither the log nor the release tells whether the migrations ran.")
        return self.passed(f"The database is at {revision}; the log does not mention it any more.")


def saying(log: str, markers: Iterable[str]) -> list[str]:
    """The lines of a log with one of the markers."""
    return [line.strip() for line in log.splitlines() if any(marker in line for marker in markers)]
