"""Whether the key SMS signs its tokens with is the one it had: another one ends every session (runbook §5.3.4)."""

from __future__ import annotations

from deployments.checks.base import CHECKLIST, PRECONDITIONS, Check, Result, Target
from deployments.checks.registry import register
from deployments.services import key_changes
from deployments.services.key_changes import Keys

ENDS = "every session ends when SMS is started again."
FIX = "If nobody meant it, put the old key back: ops config --save has the env file of every snapshot."


@register
class KeyUnchanged(Check):
    """Before a start: what becomes of the sessions."""

    key, title, section, stages, order = "signing", "Signing key", "§5.3.4", (PRECONDITIONS,), 25

    def run(self, target: Target) -> Result:
        if not target.environment.env_file:
            return self.skipped("No env file is set.")
        keys = key_changes.look(target.environment, target.runtime)
        if keys.unmeant:
            return self.warned(_before(keys), FIX)
        if keys.pending:
            return self.warned(f"SECRET_KEY differs from the one SMS runs with: {ENDS}", FIX)
        return self.passed(f"SECRET_KEY is that of {keys.known_from}." if keys.known else "No earlier one is known.")


def _before(keys: Keys) -> str:
    late = "SMS runs with it already, so every session has ended."
    return f"SECRET_KEY differs from the one of {keys.known_from}: {late if keys.running == keys.file else ENDS}"


@register
class SessionsKept(Check):
    """Of a running SMS: whether the sessions of before are still good."""

    key, title, section, stages, order = "sessions", "Sessions", "§5.3.4", (CHECKLIST,), 70

    def run(self, target: Target) -> Result:
        if target.service is not None or not target.environment.env_file:
            return self.skipped("A copy has no sessions." if target.service else "No env file is set.")
        keys = key_changes.look(target.environment, target.runtime)
        if keys.ended:
            said = f"SMS runs with another SECRET_KEY than that of {keys.known_from}"
            return self.warned(f"{said}: the sessions of before have ended.", FIX)
        if keys.pending:
            return self.warned(f"The env file has another SECRET_KEY than SMS runs with: {ENDS}", FIX)
        return self.passed("SMS signs with the SECRET_KEY it had." if keys.known else "No earlier key is known.")
