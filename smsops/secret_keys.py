"""What makes a SECRET_KEY of SMS strong, and a new one that is (sms-contract §8)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

MIN_LENGTH, GOOD_LENGTH = 32, 48  # SMS refuses below the first, the runbook asks for the second
APP_WORDS = ("change", "placeholder", "your-secret-key")  # SMS refuses a key with one of them, in capitals as well
SCRIPT_WORDS = ("example", "your-secret", "local-dev-secret", "dev-placeholder")  # DOCKER.ps1 these besides


def weakness(key: str) -> str:
    """Why SMS or DOCKER.ps1 would refuse the key, as half a sentence that does not show it; empty for a strong one."""
    if not key:
        return "it is empty"
    if len(key) < MIN_LENGTH:
        return f"it has {len(key)} characters, at least {MIN_LENGTH} are needed"
    found = next((word for word in (*APP_WORDS, *SCRIPT_WORDS) if word in key.lower()), "")
    return f"it contains “{found}”" if found else ""


def _random() -> str:
    return secrets.token_urlsafe(48)  # runbook §8; 64 characters that no kind of env file gives a meaning of its own


def generate(make: Callable[[], str] = _random) -> str:
    """A strong key nobody has seen. One that is refused by chance, for a word that is in it, is thrown away."""
    while weakness(key := make()):
        pass
    return key
