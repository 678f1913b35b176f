"""Takes the rounds by which a release is compared with the one before."""

from __future__ import annotations

import re
from datetime import datetime

from deployments.watch import Round
from smsops.http import ask
from smsops.models import Environment
from smsops.runtimes.base import Runtime

# What every era answers without a token, if only that one is missing: the page, a list, and whether it is ready.
PATHS = ("/", "/api/v1/students/?limit=5", "/health/ready")
LOG_LINES = 2000
_ERROR = re.compile(r"\b(ERROR|CRITICAL)\b|^Traceback ")


def take(environment: Environment, runtime: Runtime, since: datetime) -> Round:
    """Ask SMS, the way its users do, and count what its log complains of since then."""
    answers = [ask(environment.base_url, path, timeout=5) for path in PATHS]
    failed = sum(not each.answered or each.code >= 500 for each in answers)
    lines = errors(runtime.logs(environment.instance, LOG_LINES, since))
    return Round(len(answers), failed, round(max(each.seconds for each in answers), 4), lines)


def errors(log: str) -> int:
    """How many lines of a log are errors."""
    return sum(bool(_ERROR.search(line)) for line in log.splitlines())
