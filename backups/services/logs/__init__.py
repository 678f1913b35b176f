"""From an environment's row to the keeper of its log: the one place that knows which engine it has."""

from __future__ import annotations

from backups.services.logs.base import LogKeeper
from backups.services.logs.postgres import PostgresLog
from backups.services.logs.sqlite import SqliteLog
from smsops.models import DatabaseEngine, Environment


def of(environment: Environment) -> LogKeeper:
    """The keeper of this environment's log."""
    if environment.database_engine == DatabaseEngine.POSTGRESQL:
        return PostgresLog(environment)
    return SqliteLog(environment)
