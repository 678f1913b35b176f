"""From an environment's row to its database: the one place that knows which engine it has."""

from __future__ import annotations

from backups.services.databases.base import Database
from backups.services.databases.postgres import PostgresDatabase
from backups.services.databases.sqlite import SqliteDatabase
from smsops.environments.database_url import parse
from smsops.errors import WrongUse
from smsops.models import DatabaseEngine, Environment
from smsops.runtimes.base import Runtime


def of(environment: Environment, runtime: Runtime) -> Database:
    """The database of this environment, as the worker reaches it."""
    if environment.database_engine == DatabaseEngine.POSTGRESQL:
        return PostgresDatabase(parse(environment.database_url))
    return SqliteDatabase(runtime, environment.database_file)


def only_sqlite(environment: Environment, what: str, fix: str) -> None:
    """Raise WrongUse, saying that `what` is for SQLite, where the environment has another engine."""
    if environment.database_engine != DatabaseEngine.SQLITE:
        raise WrongUse(f"{what} is for SQLite so far; {environment.name} has PostgreSQL.", fix=fix)
