"""Reads the `.env` file SMS is started with, by the rules of `docker run --env-file` (sms-contract §8)."""

from __future__ import annotations

import re
from pathlib import Path

from smsops.errors import OpsError

OUTWARD = ("SMTP_", "REDIS_", "GRAFANA_", "PROMETHEUS_", "LOKI_", "POSTGRES_", "DATABASE_URL", "DATABASE_ENGINE")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def parse(text: str) -> dict[str, str]:
    """Return the variables in `text`: one NAME=VALUE per line, the value taken as it stands (no quotes removed).

    Blank lines and lines starting with `#` are passed over; anything else raises OpsError naming the line number
    and never its content, which may be a secret.
    """
    variables: dict[str, str] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r").lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise OpsError(f"Line {number} of the env file is not NAME=VALUE.", fix="Correct the line, then try again.")
        variables[name] = value
    return variables


def read(path: str) -> dict[str, str]:
    """Return the variables in the file at `path`; an empty path means no env file. Unreadable raises OpsError."""
    if not path:
        return {}
    try:
        return parse(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise OpsError(f"The env file {path} cannot be read: {reason}.") from error


def cut_off(variables: dict[str, str]) -> dict[str, str]:
    """The variables without those by which SMS would reach others: a copy of it must not send mail."""
    return {name: value for name, value in variables.items() if not name.startswith(OUTWARD)}
