"""Names the cause when logins fail: SMS signs with another SECRET_KEY than it did (runbook §5.3.4)."""

from __future__ import annotations

import re
from datetime import datetime

from deployments.services import key_changes
from deployments.services.key_changes import Keys
from incidents.fingerprints import KEY
from incidents.models import Severity
from incidents.services import incidents, lifecycle
from incidents.services.incidents import Sign
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runtimes.base import Runtime

LINES = 400  # of SMS's log that are read, and only where the key is another
ENOUGH = 3  # refusals; one alone is a token that ended by itself
_REFUSED = re.compile(r"(?i)signature verification failed|invalid signature|AUTH_UNAUTHORIZED|\" 401\b")


def refusals(log: str) -> int:
    """How many lines of SMS's log tell of a token that was refused."""
    return sum(bool(_REFUSED.search(line)) for line in log.splitlines())


def of_key(keys: Keys, refused: int) -> Sign | None:
    """What it means that tokens are refused while the key is another than the one that is known."""
    if not keys.ended or refused < ENOUGH:
        return None
    told = "as the env file has it" if keys.running == keys.file else "and the env file has yet another"
    detail = (
        f"SMS refused {refused} tokens. It runs with another SECRET_KEY than that of {keys.known_from}, {told}, and no "
        "rotation explains it. Whoever signs in again gets in. If nobody meant it: put the old key back, and make SMS "
        "anew."
    )
    return Sign(KEY, Severity.HIGH, "Logins fail since SECRET_KEY changed", detail)


def look(environment: Environment, runtime: Runtime, since: datetime | None) -> None:
    """Compare the keys and, where they differ, what SMS logged since; open, join or end the incident about it."""
    try:
        keys = key_changes.look(environment, runtime)
        refused = refusals(runtime.logs(environment.instance, LINES, since)) if keys.ended else 0
    except OpsError:
        return  # an engine that is away or a file that cannot be read says nothing of keys, and is told elsewhere
    if sign := of_key(keys, refused):
        incidents.report(environment, sign)
        return
    if keys.running and not keys.ended:
        lifecycle.end(environment, KEY, f"SMS runs with the SECRET_KEY of {keys.known_from} again.")
