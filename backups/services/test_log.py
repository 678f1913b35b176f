"""The log of restore tests the runbook asks for (§6.3): `BACKUP_TEST_LOG.md`, a line for each test."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from smsops.models import Environment

HEAD = "# Backup test log\n\n"


def path() -> Path:
    """Where the log is: beside smsops's own data."""
    return Path(settings.DATA_DIR) / "BACKUP_TEST_LOG.md"


def passed(environment: Environment, run: int, said: str) -> None:
    """Write down that a test passed; a line that is there already is not written again."""
    _write(environment, run, f"passed: {said}.")


def failed(environment: Environment, run: int, said: str) -> None:
    """Write down that a test failed."""
    _write(environment, run, f"FAILED: {said}")


def _write(environment: Environment, run: int, said: str) -> None:
    mark = f"· {environment.name} · run {run} ·"
    known = path().read_text(encoding="utf-8") if path().exists() else ""
    if mark in known:
        return
    line = f"- {timezone.now():%Y-%m-%d %H:%M} UTC {mark} {said}\n"
    handle = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, (line if known else HEAD + line).encode())  # one write: two tests at once do not mix
    finally:
        os.close(handle)
