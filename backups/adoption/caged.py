"""Starts the program behind bars and understands its answer."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backups.adoption.limits import Limits
from smsops import process
from smsops.errors import OpsError

ROOT = Path(__file__).resolve().parents[2]
GRACE = 30.0  # seconds beyond its own time in which it may end by itself


@dataclass(frozen=True)
class Seen:
    """What is in a database: rows per table, the schema revision, and its views and triggers by name."""

    tables: dict[str, int]
    revision: str
    extras: list[str] = field(default_factory=list)


def play(dump: Path, target: Path, limits: Limits, name: str) -> int:
    """Make the new database `target` of an SQL dump; the number of statements. OpsError, naming the file, when it
    wants more than it may, is damaged or too large; `target` is then worth nothing."""
    return int(_run(["play", str(dump), str(target)], limits, name)["statements"])


def look(database: Path, limits: Limits, name: str) -> Seen:
    """Check a database from elsewhere and tell what is in it; OpsError, naming the file, when it is not sound."""
    found = _run(["look", str(database)], limits, name)
    return Seen(found["tables"], found["revision"], found["extras"])


def _run(words: list[str], limits: Limits, name: str) -> dict[str, Any]:
    argv = [sys.executable, "-s", "-m", "backups.adoption.cage", *words, limits.dumps()]
    done = process.run(argv, timeout=limits.seconds + GRACE, cwd=ROOT, env={"SMSOPS_WORKER": str(os.getpid())})
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.code}"]
        raise OpsError(f"{name} made SQLite fail: {said[0][:200]}.") from None
    if "refused" in found:
        raise OpsError(f"{name} is not adopted. {found['refused']}")
    return found
