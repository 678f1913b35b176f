"""What the steps share: the database of the run's environment, and whether there is room for a copy of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from backups.services import databases
from backups.services.databases.base import Database, Work
from smsops.errors import OpsError
from smsops.runs.context import Context
from smsops.text import bytes_text

# What unpacking takes, in sizes of the backup: PostgreSQL's is a dump, from which a database with indexes is made.
SIZES = {"sqlite": 1, "postgresql": 5}


def database_of(ctx: Context) -> Database:
    """The database of the run's environment."""
    return databases.of(ctx.environment, ctx.runtime)


def work_of(ctx: Context) -> Work:
    """The run, as a database is told of it."""
    return Work(ctx.run.pk, ctx.held.token, Path(settings.SMSOPS_WORK_DIR) / f"run-{ctx.run.pk}", ctx.guard)


def room_to_unpack(ctx: Context, size: int) -> None:
    """Raise OpsError when the run's folder has no room for a backup of so many bytes, and for what is made of it."""
    room_for_bytes(size * SIZES[database_of(ctx).engine], ctx.work_dir)


def room_for_bytes(need: int, folder: Path) -> None:
    """Raise OpsError when `folder` has no room for a database of so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < need * 1.1:
        raise OpsError(f"{folder} has {bytes_text(free)} left; a copy of the database needs {bytes_text(need)}.")
