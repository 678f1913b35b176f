"""SMS installations that run here already, whoever started them: what can be read off them, for a new environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

SQLITE = "sqlite:///"
DATABASE = "student_management.db"  # SMS's own name for it (sms-contract §7)


@dataclass(frozen=True)
class Found:
    """One of them. `key` finds it again, `why` says what makes it look like SMS, `fields` are those of an environment,
    without secrets, `lacking` says in sentences what could not be read. `address` is its database's on a server."""

    key: str
    runtime: str
    title: str
    running: bool
    why: Sequence[str]
    fields: Mapping[str, Any]
    lacking: Sequence[str] = ()
    address: str = field(default="", repr=False)


def sqlite_file(url: str, folder: str) -> str:
    """The absolute path in SMS's DATABASE_URL, where a relative one counts from `folder`; empty for another engine."""
    if not url.startswith(SQLITE):
        return ""
    path = unquote(url[len(SQLITE) :].partition("?")[0])
    return path if path.startswith("/") else f"{folder.rstrip('/')}/{path.removeprefix('./')}"


def on_server(url: str) -> bool:
    """Whether it is an address of PostgreSQL."""
    return url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://", "postgresql+psycopg2://"))
