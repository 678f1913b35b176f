"""The commands for the night in which smsops itself is down: what its runs would do, on SMS's own machine."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from smsops.environments.database_url import parse
from smsops.errors import WrongUse
from smsops.models import DatabaseEngine, Environment, RuntimeKind
from smsops.runbook.blocks import Block
from smsops.runbook.registry import Source, View
from smsops.runtimes import supervisor
from smsops.runtimes.registry import spec_of

NUMBERS = ("2", "3", "4.1", "4.3", "5.2", "5.3.1", "5.3.2", "5.3.3", "5.3.4", "5.3.5", "7", "8")
VERSION = "VERSION"  # whoever types the command puts the release there
NEW_KEY = """python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"""


def read(view: View) -> Mapping[str, Block]:
    """What to type, by section."""
    place = view.place
    lines = _everywhere(place) | (_docker(place) if place.runtime == RuntimeKind.DOCKER else _process(place))
    return {number: Block(by_hand=lines[number]) for number in NUMBERS}


def _everywhere(place: Environment) -> dict[str, tuple[str, ...]]:
    base, env_file = place.base_url.rstrip("/"), shlex.quote(place.env_file or "ENV_FILE")
    health = f"curl -sS -m 10 {shlex.quote(base + '/health')}"
    ready = f"curl -sS -m 10 {shlex.quote(base + '/health/ready')}"
    return {
        "3": (health, ready, f"curl -sS -m 10 -o /dev/null -w '%{{http_code}}\\n' {shlex.quote(base + '/')}"),
        "4.3": counts(place),
        "5.3.3": sound(place),
        "5.3.4": (f"grep -c '^SECRET_KEY=' {env_file}", f"stat -c '%y' {env_file}", "date -u"),
        "5.3.5": (f"curl -sS -m 10 {shlex.quote(base + '/')} | grep -o 'assets/[^\"]*'",),
    }


def counts(place: Environment) -> tuple[str, ...]:
    """Rows of the core tables, counted without changing anything."""
    names = place.core_tables  # an environment takes nothing else than names of tables (environments/rules.py)
    return tuple(_asked(place, f"SELECT count(*) AS {name} FROM {name};") for name in names)  # noqa: S608


def sound(place: Environment) -> tuple[str, ...]:
    """Whether the database is whole, and who holds it."""
    if place.database_engine == DatabaseEngine.POSTGRESQL:
        return (_asked(place, "SELECT pid, state, wait_event_type, query FROM pg_stat_activity;"),)
    return (_asked(place, "PRAGMA quick_check;"), f"fuser -v {shlex.quote(database(place))}")


def database(place: Environment) -> str:
    """Where the file is on this machine, as far as the environment's fields tell."""
    folder = place.data_path or f"/var/lib/docker/volumes/{place.volume}/_data"
    return f"{folder}/{place.database_file}"


def _asked(place: Environment, statement: str) -> str:
    if place.database_engine != DatabaseEngine.POSTGRESQL:
        return f"sqlite3 {shlex.quote(f'file:{database(place)}?mode=ro')} {shlex.quote(statement)}"
    try:
        url = parse(place.database_url)
    except WrongUse:
        return f"psql -c {shlex.quote(statement)}"
    words = ["psql", "-h", url.host, "-p", str(url.port), "-U", url.user, "-d", url.name, "-c", statement]
    return shlex.join(words)


def _docker(place: Environment) -> dict[str, tuple[str, ...]]:
    name, image = shlex.quote(place.instance), shlex.quote(place.image)
    aside = f"docker rename {name} {name}-before"
    log = f"docker logs --tail 50 {name}"
    state = f"docker inspect --format '{{{{json .State}}}} {{{{.RestartCount}}}}' {name}"
    return {
        "2": (f"docker images {image}", stop(place), aside, run(place)),
        "4.1": (f"docker images {image}", stop(place), aside, run(place), f"docker logs -f {name}"),
        "5.2": ("docker ps -a", state, log, f"docker logs {name} > incident-$(date +%s).log 2>&1",
                f"docker restart -t {place.stop_seconds} {name}"),
        "5.3.1": (state, f"docker logs --tail 100 {name}"),
        "5.3.2": (f"docker logs --tail 200 {name} 2>&1 | grep -iE 'error|exception' | tail -20",
                  f"docker exec -w /app/backend {name} alembic current",
                  f"docker exec -w /app/backend {name} alembic upgrade head"),
        "7": (state, f"docker logs --tail 100 {name}"),
        "8": (NEW_KEY, stop(place), aside, run(place)),
    }  # fmt: skip


def stop(place: Environment) -> str:
    """Ask it to end, and wait as long as the environment says."""
    if place.runtime == RuntimeKind.DOCKER:
        return f"docker stop -t {place.stop_seconds} {shlex.quote(place.instance)}"
    told = """import json, sys; print(json.load(open(sys.argv[1]))["supervisor_pid"])"""
    state = shlex.quote(str(Path(spec_of(place).state_path) / place.instance / "state.json"))
    return f"kill $(python3 -c {shlex.quote(told)} {state})"


def start(place: Environment) -> str:
    """Start the same instance again."""
    if place.runtime == RuntimeKind.DOCKER:
        return f"docker start {shlex.quote(place.instance)}"
    folder = Path(spec_of(place).state_path) / place.instance
    return shlex.join([sys.executable, "-I", supervisor.__file__, str(folder)])


def run(place: Environment) -> str:
    """The container as smsops makes it, of a release that is to be named; behind an edge it gets a port of its own."""
    words = ["docker", "run", "-d", "--name", place.instance, "--restart", "unless-stopped",
             "--memory", f"{place.memory_limit_mb}m", "-p", f"{place.host_port}:{place.container_port}",
             "-v", f"{place.volume}:/data", *(["--env-file", place.env_file] if place.env_file else []),
             "-e", "SMS_ENV=production", "-e", "SMS_EXECUTION_MODE=docker", f"{place.image}:{VERSION}"]  # fmt: skip
    return shlex.join(words)


def _process(place: Environment) -> dict[str, tuple[str, ...]]:
    folder = Path(spec_of(place).state_path) / place.instance
    log, state = shlex.quote(str(folder / "log")), shlex.quote(str(folder / "state.json"))
    look = (f"cat {state}", f"tail -n 50 {log}")
    return {
        "2": (f"ls {shlex.quote(place.releases_path)}", stop(place), start(place)),
        "4.1": (f"ls {shlex.quote(place.releases_path)}", stop(place), f"cd {_release(place)}", _native(place)),
        "5.2": (*look, f"cp {log} incident-$(date +%s).log", stop(place), start(place)),
        "5.3.1": (f"tail -n 100 {log}", f"cat {shlex.quote(str(folder / 'events.jsonl'))}"),
        "5.3.2": (f"tail -n 200 {log} | grep -iE 'error|exception'",),
        "7": look,
        "8": (NEW_KEY, stop(place), start(place)),
    }


def _release(place: Environment) -> str:
    return f"{shlex.quote(place.releases_path)}/{VERSION}"


def _native(place: Environment) -> str:
    settings = f"set -a; . {shlex.quote(place.env_file)}; set +a; " if place.env_file else ""
    here = ["SMS_HOST=127.0.0.1", f"SMS_PORT={place.host_port}", "SMS_EXECUTION_MODE=native", "SMS_ENV=development"]
    if place.database_engine == DatabaseEngine.SQLITE:
        here.append(f"DATABASE_URL=sqlite:///{database(place)}")
    return f"{settings}{shlex.join(['env', *here, place.interpreter or sys.executable, 'backend/entrypoint.py'])}"


SOURCE = Source(NUMBERS, "environments", "smsops.view_environment", read)
