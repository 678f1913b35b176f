"""The literal secrets of an environment: whatever is stored or shown is searched for them (features.md K7)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from smsops.environments.database_url import passwords
from smsops.redact import is_secret_name

if TYPE_CHECKING:
    from smsops.models.environment import Environment


def known_secrets(environment: Environment) -> list[str]:
    """The values under secret names in SMS's env file, the smoke account's password and the database's.

    Lines that are not NAME=VALUE are passed over and an unreadable file has none: whoever starts SMS complains.
    """
    found = [environment.smoke_password, environment.database_url, *passwords(environment.database_url)]
    try:
        lines = Path(environment.env_file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.strip().partition("=")
        if is_secret_name(name):
            found += [value, value.strip("\"' ")]
    return [value for value in dict.fromkeys(found) if value]
