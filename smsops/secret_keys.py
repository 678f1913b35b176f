"""What makes a SECRET_KEY of SMS strong, by its own rule, that of DOCKER.ps1 and the runbook's, and a new one that is
(sms-contract §8)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from smsops.text import count_text

MIN_LENGTH, GOOD_LENGTH = 32, 48  # SMS refuses below the first, the runbook asks for the second
SMS_WORDS = ("change", "placeholder", "your-secret-key")
SCRIPT_WORDS = ("example", "your-secret", "local-dev-secret", "dev-placeholder")
REPLACED = "DOCKER.ps1 -Start would silently put another in its place"
RANDOM_LETTERS = 16  # different ones beside the word: nobody types that many


def weakness(key: str) -> str:
    """Why the key is refused, as the end of a sentence in which it does not show; empty where it is not."""
    if not key:
        return "it is empty"
    if len(key) < MIN_LENGTH:
        return f"it has {count_text(len(key), 'character')}, and SMS refuses less than {MIN_LENGTH}; {REPLACED}"
    found = word_in(key, SMS_WORDS)
    if found:
        more = f"; {REPLACED}" if found == "change" else ""
        chance = ", although it looks random: make another one" if looks_random(key, found) else ""
        return f"it contains “{found}”, and SMS refuses every key with that word{chance}{more}"
    found = word_in(key, SCRIPT_WORDS)
    return f"it contains “{found}”, and DOCKER.ps1 refuses every key with that word" if found else ""


def word_in(key: str, words: tuple[str, ...]) -> str:
    """The first of the words that is in the key, in whatever case."""
    return next((word for word in words if word in key.lower()), "")


def looks_random(key: str, word: str) -> bool:
    """Whether the word got into a generated key by chance."""
    rest = key.lower().replace(word, "", 1)
    return len(set(rest)) >= RANDOM_LETTERS and any(letter.isdigit() for letter in rest)


def _random() -> str:
    return secrets.token_urlsafe(48)  # runbook §8; 64 characters that no kind of env file gives a meaning of its own


def generate(make: Callable[[], str] = _random) -> str:
    """A strong key nobody has seen. One that is refused by chance, for a word that is in it, is thrown away."""
    while weakness(key := make()):
        pass
    return key
