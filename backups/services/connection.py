"""Whether smsops reaches everything it needs of an SMS, piece by piece: asked by a worker, beside the engine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from backups.services import databases
from smsops import health
from smsops.errors import OpsError
from smsops.models import DatabaseEngine, Environment, RuntimeKind
from smsops.runs.plan import Plan, PlannedStep
from smsops.runtimes.base import Runtime
from smsops.runtimes.registry import looking_at
from smsops.text import bytes_text, count_text

KIND, STEP = "connection", "connection.ask"
PASS, WARN, FAIL = "pass", "warn", "fail"


@dataclass(frozen=True)
class Piece:
    """What one question came to. `verdict` is pass, warn (it works, but not for everything) or fail."""

    title: str
    verdict: str
    detail: str
    fix: str = ""


def plan(environment: Environment) -> Plan:
    """What asking would do."""
    return Plan(
        kind=KIND,
        title=f"Test the connection to {environment.name}",
        environment=environment,
        steps=(PlannedStep(STEP),),
        exclusive=False,
        notes=("SMS is only looked at; nothing is changed.",),
    )


def ask(environment: Environment) -> list[dict[str, Any]]:
    """Every piece, in the order in which they build on each other. What fails hides no other one."""
    runtime = looking_at(environment)
    questions: tuple[tuple[str, Callable[[Environment, Runtime], Piece]], ...] = (
        ("Engine", _engine), ("Instance", _instance), ("Health", _health), ("Database", _database), ("Vault", _vault),
    )  # fmt: skip
    return [asdict(_asked(title, question, environment, runtime)) for title, question in questions]


def _asked(
    title: str, question: Callable[[Environment, Runtime], Piece], environment: Environment, runtime: Runtime
) -> Piece:
    try:
        return question(environment, runtime)
    except OpsError as error:
        return Piece(title, FAIL, error.message, error.fix)


def _engine(environment: Environment, runtime: Runtime) -> Piece:
    runtime.ping()
    if environment.runtime == RuntimeKind.DOCKER:
        return Piece("Engine", PASS, "The Docker Engine answers.")
    return Piece("Engine", PASS, f"Processes can be started here; their folder is {runtime.spec.state_path}.")


def _instance(environment: Environment, runtime: Runtime) -> Piece:
    found = runtime.inspect(environment.instance)
    if found is not None:
        if found.up:
            return Piece("Instance", PASS, f"{found.name} runs, release {found.version or 'unknown'}.")
        fix = "Start it, or go on: its data can be backed up all the same."
        return Piece("Instance", WARN, f"{found.name} is there and does not run.", fix)
    if environment.runtime == RuntimeKind.DOCKER:
        fix = "“docker ps -a” lists the containers: enter its name as the instance."
        return Piece("Instance", FAIL, f"There is no container called {environment.instance}.", fix)
    fix = "Backups work all the same. For deploys: import its releases, stop it, and deploy the release that ran."
    return Piece("Instance", WARN, "smsops did not start SMS here.", fix)


def _health(environment: Environment, runtime: Runtime) -> Piece:
    seen = health.look(environment.base_url)
    if seen.good:
        return Piece("Health", PASS, f"{environment.base_url} answers: {seen.detail}.")
    if seen.status == "down":
        fix = "Start SMS, or correct its address; a backup needs neither."
        return Piece("Health", FAIL, f"{environment.base_url} does not answer ({seen.detail}).", fix)
    fix = "See what its log says; a backup can be taken all the same."
    return Piece("Health", WARN, f"{environment.base_url} answers: {seen.detail}.", fix)


def _database(environment: Environment, runtime: Runtime) -> Piece:
    live = databases.of(environment, runtime)
    if not live.exists():
        field = "database address" if environment.database_engine == DatabaseEngine.POSTGRESQL else "database file"
        fix = f"Correct the data path or the {field}."
        return Piece("Database", FAIL, f"There is no database at {live.place}.", fix)
    rows = live.row_counts()
    lacking = [table for table in environment.core_tables if table not in rows]
    said = f"{live.place}, {bytes_text(live.size())}, {count_text(rows.get('students', 0), 'student')}."
    if len(lacking) == len(environment.core_tables) and lacking:
        fix = "It may be another database: compare its path with the one SMS uses."
        return Piece("Database", FAIL, f"{said} It has none of SMS's tables.", fix)
    if lacking:
        fix = "Older releases may not have them: take them out of the core tables."
        return Piece("Database", WARN, f"{said} It lacks {', '.join(lacking)}.", fix)
    return Piece("Database", PASS, said)


def _vault(environment: Environment, runtime: Runtime) -> Piece:
    fix = "Let the worker's user write there (SMSOPS_VAULT_DIR, SMSOPS_KEYS_DIR), and see that it is mounted."
    places = (Path(settings.SMSOPS_VAULT_DIR), Path(settings.SMSOPS_KEYS_DIR))
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=place, prefix=".try-"):
                pass
        except OSError as error:
            return Piece("Vault", FAIL, f"{place} cannot be written: {error.strerror}.", fix)
    free = shutil.disk_usage(places[0]).free
    return Piece("Vault", PASS, f"{places[0]} can be written; {bytes_text(free)} are free there.")
