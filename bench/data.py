"""The databases the bench works on: real schools of a size, made once and kept in the cache."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from demo.seeding import Order, make

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "smsops-bench"
SIZES = {"50 MB": 50_000_000, "500 MB": 500_000_000}


def school(name: str) -> Path:
    """A school of that size, in WAL mode."""
    database = CACHE / f"school-{SIZES[name]}.db"
    if not database.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        print(f"Making a school of {name} (once) …", flush=True)
        make(Order(database, size=SIZES[name]))
    return database


def copy_of(name: str, folder: Path) -> Path:
    """A copy to work on."""
    target = folder / "student_management.db"
    shutil.copyfile(school(name), target)
    return target
