"""Whether people see SMS's page: 200 with nothing, with something else, or without its scripts is blank (§5.3.5)."""

from __future__ import annotations

from deployments.checks.assets import Bundle
from deployments.checks.base import Target, Verdict
from incidents.detection.findings import Finding
from incidents.fingerprints import PAGE
from incidents.models import Severity
from incidents.services.incidents import Sign
from smsops.models import Environment

TIMES = 2  # in a row


def look(environment: Environment) -> list[Finding]:
    """Ask for it; nothing where the check of that kind is switched off. An SMS that does not answer is not blank."""
    if Bundle.key in environment.checks_off:
        return []
    target = Target(environment)
    result = Bundle().run(target)
    if result.verdict == Verdict.PASS:
        return [Finding(PAGE, well=f"The page is there again: {result.detail}")]
    if target.silent:
        return [Finding(PAGE)]
    detail = f"Users see a blank or broken page, though the API answers: {result.detail} {result.fix}"
    return [Finding(PAGE, Sign(PAGE, Severity.CRITICAL, "Users see a blank page", detail), needs=TIMES)]
