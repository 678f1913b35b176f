"""SMS's env file: what in it leads to another database, or lets everybody in (sms-contract §8, surprises 19 and 22)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.checks.registry import register
from smsops import envfile
from smsops.environments.database_url import SCHEMES
from smsops.models import DatabaseEngine, Environment, RuntimeKind
from smsops.text import count_text

DATA_MOUNT, APP_ROOT = PurePosixPath("/data"), PurePosixPath("/app")
SQLITE = "sqlite:///"
ENGINES = {"sqlite": "sqlite", "sqlite3": "sqlite", "postgresql": "postgresql", "postgres": "postgresql"}


@register
class EnvFile(Check):
    """`docker run --env-file` takes a value as it stands: an equals sign in it is part of it, and so are quotes."""

    key, title, section, stages, order = "env_file", "Env file", "§1", (PRECONDITIONS,), 20

    def run(self, target: Target) -> Result:
        environment = target.environment
        if not environment.env_file:
            return self.skipped("No env file is set.")
        variables = envfile.read(environment.env_file)
        if wrong := wrong_database(variables, environment):
            return self.failed(" ".join(wrong), "Correct the env file: SMS would start on another, perhaps empty one.")
        if doubts := [*open_doors(variables), *quoted(variables), *half_postgres(variables, environment)]:
            return self.warned(" ".join(doubts), "Correct the env file, or switch this check off with the reason.")
        return self.passed(
            f"{count_text(len(variables), 'variable')}; nothing in them leads away from the environment's database."
        )


def wrong_database(variables: Mapping[str, str], environment: Environment) -> list[str]:
    """Sentences about what would start SMS on another database than the environment's."""
    found, engine = [], environment.database_engine
    stated = variables.get("DATABASE_ENGINE", "").strip().lower()
    if stated and ENGINES.get(stated, stated) != engine:
        found.append(f"DATABASE_ENGINE says {stated}, the environment has {engine}.")
    url = variables.get("DATABASE_URL", "").strip("\"' ")
    is_file, is_server = url.startswith("sqlite"), url.partition("://")[0] in SCHEMES
    if (is_file and engine == DatabaseEngine.POSTGRESQL) or (is_server and engine == DatabaseEngine.SQLITE):
        found.append(f"DATABASE_URL leads to {url.partition(':')[0]}, the environment has {engine}.")
    elif is_file and environment.runtime == RuntimeKind.DOCKER:  # a process is told its database by the runtime
        found += _astray(url, environment)
    return found


def _astray(url: str, environment: Environment) -> list[str]:
    """Where an SQLite URL leads inside a container: with three slashes it counts from the application's folder."""
    path = PurePosixPath(url.removeprefix(SQLITE).partition("?")[0])
    meant = DATA_MOUNT / environment.database_file
    where = path if path.is_absolute() else APP_ROOT / path
    if where == meant:
        return []
    if not where.is_relative_to(DATA_MOUNT):
        return [f"DATABASE_URL leads to {where}, which is lost with the container; the data is in {meant}."]
    return [f"DATABASE_URL leads to {where}; the environment's database is {meant}."]


def open_doors(variables: Mapping[str, str]) -> list[str]:
    """Whether SMS takes everybody for an administrator."""
    off = variables.get("AUTH_ENABLED", "").strip("\"' ").lower() in ("0", "false", "no", "off")
    disabled = variables.get("AUTH_MODE", "").strip("\"' ").lower() == "disabled"
    which = "AUTH_ENABLED is off" if off else "AUTH_MODE is disabled" if disabled else ""
    return [f"{which}: everybody who reaches SMS is an administrator."] if which else []


def quoted(variables: Mapping[str, str]) -> list[str]:
    """Values whose quotes SMS would get as part of them."""
    names = [
        name for name, value in variables.items() if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    ]
    said = "{} in quotes, which Docker hands over as part of the value."
    return [said.format(f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}")] if names else []


def half_postgres(variables: Mapping[str, str], environment: Environment) -> list[str]:
    """POSTGRES_* alone made older releases leave SQLite."""
    if environment.database_engine != DatabaseEngine.SQLITE or variables.get("DATABASE_ENGINE"):
        return []
    if any(variables.get(name) for name in ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_PASSWORD")):
        return ["POSTGRES_… is set without DATABASE_ENGINE: older releases then use PostgreSQL instead of the file."]
    return []
