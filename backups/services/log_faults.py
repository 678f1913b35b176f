"""What is damaged or missing of a log's copy, written down for the process that comes next (B8)."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path

from backups.vault.replication import Fault


def noted(path: Path) -> dict[str, Fault]:
    """What was damaged or missing when the last one ended, by name; nothing where that cannot be read."""
    try:
        return {each["name"]: Fault(**each) for each in json.loads(path.read_text())}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def note(path: Path, faults: dict[str, Fault]) -> None:
    """Write it down in one step. That it cannot be keeps no commit from being copied."""
    with contextlib.suppress(OSError):
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps([asdict(fault) for fault in faults.values()]))
        fresh.replace(path)
