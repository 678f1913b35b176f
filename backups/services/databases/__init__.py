"""From an environment's row to its database: the one place that knows which engine it has."""

from __future__ import annotations

from pathlib import Path

from backups.services.databases.base import Database, Successor, Trial
from backups.services.databases.postgres import PostgresDatabase
from backups.services.databases.postgres_successor import PostgresSuccessor
from backups.services.databases.postgres_trial import PostgresTrial
from backups.services.databases.sqlite import SqliteDatabase
from backups.services.databases.sqlite_successor import SqliteSuccessor
from backups.services.databases.sqlite_trial import SqliteTrial
from smsops.environments.database_url import parse
from smsops.errors import OpsError, WrongUse
from smsops.models import DatabaseEngine, Environment, RuntimeKind
from smsops.runtimes import registry
from smsops.runtimes.base import Runtime


def of(environment: Environment, runtime: Runtime) -> Database:
    """The database of this environment, as the worker reaches it; of a sandbox, the one its SMS is told of.

    Raises OpsError for a sandbox whose copy is gone: the real database is never taken for it.
    """
    if environment.database_engine == DatabaseEngine.POSTGRESQL:
        if runtime.spec.sandbox and not runtime.spec.told.address:
            raise OpsError("The copy is gone from the work folder.", fix="Begin again.")
        return PostgresDatabase(parse(runtime.spec.told.address or environment.database_url))
    return SqliteDatabase(runtime, environment.database_file)


def trial(environment: Environment, runtime: Runtime, folder: Path) -> Trial:
    """A copy for a sandbox in this folder of a run; `runtime` is the real one."""
    if environment.database_engine == DatabaseEngine.POSTGRESQL:
        in_container = environment.runtime == RuntimeKind.DOCKER
        return PostgresTrial(folder, parse(environment.database_url).name, in_container)
    return SqliteTrial(folder, SqliteDatabase(runtime, environment.database_file))


def successor(environment: Environment, runtime: Runtime, folder: Path) -> Successor:
    """The copy that takes the database's place; where it is a file, a command works on it in this folder of a run."""
    if environment.database_engine == DatabaseEngine.POSTGRESQL:
        return PostgresSuccessor(parse(environment.database_url), environment.env_file)
    trial = SqliteTrial(folder, SqliteDatabase(runtime, environment.database_file))
    apart = registry.sandbox_for(environment, trial.data, 0, trial.told())
    return SqliteSuccessor(trial, SqliteDatabase(apart, environment.database_file), environment.name)


def trial_end(environment: Environment) -> tuple[str, ...]:
    """The step that ends what a copy has beside its files."""
    return ("test.end",) if environment.database_engine == DatabaseEngine.POSTGRESQL else ()


def only_sqlite(environment: Environment, what: str, fix: str) -> None:
    """Raise WrongUse, saying that `what` is for SQLite, where the environment has another engine."""
    if environment.database_engine != DatabaseEngine.SQLITE:
        raise WrongUse(f"{what} is for SQLite so far; {environment.name} has PostgreSQL.", fix=fix)
