"""Whether smsops can do its work now: its database, its migrations, its broker, and room on its disk (K8)."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from smsops import queue_depths, queues
from smsops.errors import OpsError
from smsops.text import bytes_text, count_text

LEAST = 200 * 1000**2  # bytes: with less, the next snapshot or journal may not fit
KEPT = 2.0  # seconds
BELIEVED = 60.0  # seconds: that every migration is applied changes seldom, and is read from many files
_applied = [-BELIEVED]


@dataclass(frozen=True)
class Part:
    """One thing smsops needs; `said` is a few words without paths, names or addresses: whoever asks may read it."""

    name: str
    good: bool
    said: str = "ok"


def lately() -> list[Part]:
    """The same as it was at most KEPT seconds ago, asked by one at a time: whoever asks is anybody."""
    if _asking.acquire(blocking=not _last.parts):
        try:
            if time.monotonic() - _last.at >= KEPT:
                _last.parts, _last.at = parts(), time.monotonic()
        finally:
            _asking.release()
    return _last.parts


def parts() -> list[Part]:
    """All of them, each asked for a bounded time; the migrations only of a database that answers."""
    database = _database()
    rest = [_migrations()] if database.good else []
    return [database, *rest, _broker(), _disk()]


@dataclass
class _Last:
    """What was found when it was asked last."""

    parts: list[Part] = field(default_factory=list)
    at: float = -KEPT


_last, _asking = _Last(), threading.Lock()


def ready() -> bool:
    """Whether nothing is missing."""
    return all(part.good for part in parts())


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return Part("database", False, "does not answer")
    return Part("database", True)


def _migrations() -> Part:
    if time.monotonic() - _applied[0] < BELIEVED:
        return Part("migrations", True)
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except Error:
        return Part("migrations", False, "cannot be read")
    if missing:
        return Part("migrations", False, f"{count_text(missing, 'migration')} not applied")
    _applied[0] = time.monotonic()
    return Part("migrations", True)


def _broker() -> Part:
    try:
        queue_depths.of((queues.WORK,))
    except OpsError:
        return Part("broker", False, "does not answer")
    return Part("broker", True)


def _disk() -> Part:
    try:
        free = shutil.disk_usage(settings.DATA_DIR).free
    except OSError:
        return Part("disk", False, "the data folder cannot be read")
    return Part("disk", free >= LEAST, "ok" if free >= LEAST else f"{bytes_text(free)} left")
