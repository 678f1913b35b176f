"""Disk and memory of the machine. By default they only report: how full is too full the operator says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from backend.config import ROOT, settings

MEMORY = Path("/proc/meminfo")
SKIPPED = {"status": "healthy", "message": "skipped in test mode", "details": {}}


def disk_space() -> dict[str, Any]:
    """Degraded from SMS_DISK_LIMIT_PERCENT on."""
    if settings.forced_health == "degraded":
        return _check("Disk", 97, 100, {"free_gb": 0.4})
    if not settings.startup_tasks:
        return dict(SKIPPED)
    usage = shutil.disk_usage(ROOT)
    details = {"total_gb": _gigabytes(usage.total), "free_gb": _gigabytes(usage.free)}
    return _check("Disk", usage.used, usage.total, details, settings.disk_limit)


def memory() -> dict[str, Any]:
    """Degraded from SMS_MEMORY_LIMIT_PERCENT on."""
    if not settings.startup_tasks or not MEMORY.exists():
        return dict(SKIPPED)
    lines = (line.split() for line in MEMORY.read_text(encoding="ascii").splitlines())
    kilobytes = {words[0].rstrip(":"): int(words[1]) for words in lines}
    total, free = kilobytes["MemTotal"], kilobytes["MemAvailable"]
    details = {"total_gb": _gigabytes(total * 1024), "available_gb": _gigabytes(free * 1024)}
    return _check("Memory", total - free, total, details, settings.memory_limit)


def _check(what: str, used: float, total: float, details: dict[str, Any], limit: int = 90) -> dict[str, Any]:
    percent = round(100 * used / total, 1)
    full = percent >= limit
    message = f"{what} usage is {'high' if full else 'normal'}: {percent} %"
    status = "degraded" if full else "healthy"
    return {"status": status, "message": message, "details": {**details, "used_percent": percent}}


def _gigabytes(count: int) -> float:
    return round(count / 1024**3, 2)
