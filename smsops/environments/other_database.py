"""What SMS is told above its own settings to work on another database of its server (sms-contract §7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from smsops.environments.database_url import SCHEMES
from smsops.errors import OpsError

# The name is all that changes: user, password and host as SMS knows them, and what stands behind the name, stay. A
# password may have a slash in it, which the libraries SMS uses let pass.
_ADDRESS = re.compile(r"(?P<scheme>[a-z0-9+]+)(?P<server>://(?:[^:/@]*(?::[^@]*)?@)?[^/?]*/)[^?]+")


def told(settings: Mapping[str, str], name: str) -> dict[str, str]:
    """The variables that lead to the database `name`. OpsError where the settings do not say which one SMS works on."""
    found = {"POSTGRES_DB": name} if any(each.startswith("POSTGRES_") for each in settings) else {}
    address = _ADDRESS.match(settings.get("DATABASE_URL", ""))
    if address is not None and address["scheme"] in SCHEMES:
        rest = settings["DATABASE_URL"][address.end() :]
        found["DATABASE_URL"] = f"{address['scheme']}{address['server']}{quote(name, safe='')}{rest}"
    if not found or (settings.get("DATABASE_URL") and "DATABASE_URL" not in found):
        said = "SMS's env file does not say on which PostgreSQL database it works, so it cannot be led to a copy."
        raise OpsError(said, fix="Write DATABASE_URL into it, as SMS reads it, or restore a backup instead.")
    return found
