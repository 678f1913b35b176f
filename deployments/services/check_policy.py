"""Which checks an environment has switched off, and whether it may (D2: selectable per environment)."""

from __future__ import annotations

from typing import Any

from deployments.checks import registry
from smsops.models import Environment


def mistakes(environment: Environment) -> dict[str, str]:
    """One sentence about the first thing that is wrong with the checks that are switched off; nothing where all is
    well."""
    off: Any = environment.checks_off
    if not isinstance(off, dict):
        return {"checks_off": 'Give keys of checks and reasons, like {"bundle": "The page comes from elsewhere."}.'}
    known = {check.key: check for check in registry.known()}
    said = [_unknown([str(key) for key in off if key not in known], known)]
    said += [_mistake(key, reason, known) for key, reason in off.items() if key in known]
    return {"checks_off": " ".join(filter(None, said))} if any(said) else {}


def _unknown(keys: list[str], known: dict[str, Any]) -> str:
    """One sentence about all of them: the list of those that are known is long."""
    return f"There is no check “{'” or “'.join(keys)}”; known are {', '.join(known)}." if keys else ""


def _mistake(key: str, reason: Any, known: dict[str, Any]) -> str:
    if known[key].always:
        return f"The check “{key}” is never switched off: without it nobody knows whether SMS runs at all."
    if not isinstance(reason, str) or not reason.strip():
        return f"Say why the check “{key}” is switched off."
    return ""
