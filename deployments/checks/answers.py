"""What an answer of SMS that is not a good one means, in the words of every era (sms-contract §1, 3, 4)."""

from __future__ import annotations

import json
from typing import Any

from smsops.http import Answer

LOCKED, NO_DATABASE = "AUTH_ACCOUNT_LOCKED", "DATABASE_UNAVAILABLE"
MAX_DEPTH = 6


def words_of(answer: Answer) -> set[str]:
    """Every identifier of the error in it (`error_id`, `error_code`, `code`), however it is wrapped."""
    return set(_identifiers(answer.json(), MAX_DEPTH))


def _identifiers(body: Any, depth: int) -> list[str]:
    if not isinstance(body, dict) or not depth:
        return []
    own = [body[name] for name in ("error_id", "error_code", "code") if isinstance(body.get(name), str)]
    return own + [word for value in body.values() for word in _identifiers(value, depth - 1)]


def is_lockout(answer: Answer) -> bool:
    """Whether a 429 is an account's lockout and not the rate limit: only the first says when to come back."""
    return answer.code == 429 and ("retry-after" in answer.headers or LOCKED in words_of(answer))


def is_limited(answer: Answer) -> bool:
    """Whether it is the rate limit."""
    return answer.code == 429 and not is_lockout(answer)


def wants_new_password(answer: Answer) -> bool:
    """Whether SMS refuses because the account has to change its password first (enforced since 1.18.48). The bodies are
    not written down anywhere, so any refusal that speaks of a change of the password counts."""
    said = json.dumps(answer.json()).lower().replace("_", " ").replace("-", " ")
    return answer.code in (401, 403, 409, 428) and "password" in said and "chang" in said


def cause(answer: Answer) -> tuple[str, str]:
    """Why it is no good answer, as the end of a sentence, and what to do."""
    said = answer.describe()
    if is_lockout(answer):
        wait = answer.headers.get("retry-after", "")
        left = f" for another {wait} s" if wait.isdecimal() else ""
        return f"the account is locked{left} ({said})", "Wait; the lock is in the database and survives a restart."
    if is_limited(answer):
        return f"the rate limit is reached ({said})", "Wait a minute, then retry."
    if wants_new_password(answer):
        fix = "Sign in as it once, choose a new password, and enter that on the environment's page."
        return f"the account must change its password first ({said})", fix
    if answer.code == 400:
        return f"SMS does not know the account or its password ({said})", "Check the smoke account."
    if NO_DATABASE in words_of(answer):
        return f"SMS does not reach its database ({said})", "Check the database, and SMS's settings for it."
    if answer.code == 401:
        return f"the token is refused ({said})", "SECRET_KEY differs between signing and checking; see runbook §5.3.4."
    return said, "Look into SMS's log."
