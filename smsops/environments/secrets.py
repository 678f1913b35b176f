"""The literal secrets of an environment: whatever is stored or shown is searched for them (features.md K7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from smsops.environments.database_url import passwords
from smsops.redact import is_secret_name

if TYPE_CHECKING:
    from smsops.models.environment import Environment

Source = Callable[["Environment"], Iterable[str]]
_SOURCES: list[Source] = []


def add_source(source: Source) -> None:
    """Let another room tell of secrets it knows: those of before, which old logs may still have."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def known_secrets(environment: Environment) -> list[str]:
    """The values under secret names in SMS's env file, the smoke account's password, the database's, and earlier ones.

    Lines that are not NAME=VALUE are passed over and an unreadable file has none: whoever starts SMS complains.
    """
    found = [environment.smoke_password, environment.database_url, *passwords(environment.database_url)]
    try:
        lines = Path(environment.env_file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        lines = []
    found += secrets_in(lines)
    for source in _SOURCES:
        found += source(environment)
    return [value for value in dict.fromkeys(found) if value]


def secrets_in(lines: Iterable[str]) -> list[str]:
    """The values under secret names in the lines of an env file, as they stand and without quotes."""
    found = []
    for line in lines:
        name, _, value = line.strip().partition("=")
        if is_secret_name(name):
            found += [value, value.strip("\"' ")]
    return found
