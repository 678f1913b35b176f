"""What makes an environment workable: one sentence per mistake."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from smsops.environments.database_url import parse
from smsops.errors import WrongUse

if TYPE_CHECKING:
    from smsops.models.environment import Environment

Rule = Callable[["Environment"], dict[str, str]]
_RULES: list[Rule] = []
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def add_rule(rule: Rule) -> None:
    """Let another room say what of an environment cannot work: one sentence by field."""
    if rule not in _RULES:
        _RULES.append(rule)


def validate(environment: Environment) -> None:
    """Raise ValidationError with every mistake found, keyed by field."""
    mistakes = _place(environment) | _reach(environment) | _checks(environment)
    for rule in _RULES:
        mistakes |= rule(environment)
    if mistakes:
        raise ValidationError({field: [sentence] for field, sentence in mistakes.items()})


def refuse_sharing(environment: Environment) -> None:
    """Raise ValidationError when another environment is about the same database, as far as names tell."""
    others = type(environment).objects.exclude(pk=environment.pk).filter(queue=environment.queue)
    for other in others:
        if _whereabouts(other) & _whereabouts(environment):
            said = f"“{other.name}” is about this database already; two would restore over each other's data."
            field = "database_url" if environment.database_engine == "postgresql" else "database_file"
            raise ValidationError({field: [said]})


def _whereabouts(environment: Environment) -> set[str]:
    """Names the database for all workers of a queue. One in a volume is the same in whichever folder it is seen."""
    if environment.database_engine == "postgresql":
        try:
            url = parse(environment.database_url)
        except WrongUse:  # nobody can tell, so it stands in nobody's way
            return set()
        return {f"{url.server}/{url.name}"}
    volume = f"volume {environment.volume}" if environment.runtime == "docker" and environment.volume else ""
    return {normpath(f"{folder}/{environment.database_file}") for folder in (environment.data_path, volume) if folder}


def _absolute(environment: Environment, *fields: str) -> dict[str, str]:
    return {
        field: "Give an absolute path, starting with a slash."
        for field in fields
        if getattr(environment, field) and not PurePosixPath(getattr(environment, field)).is_absolute()
    }


def _place(environment: Environment) -> dict[str, str]:
    """Where SMS runs and where its data is."""
    mistakes = _absolute(environment, "data_path", "releases_path", "env_file", "compose_file",
                         "source_path", "interpreter")  # fmt: skip
    if environment.runtime == "process":
        for field, what in (
            ("data_path", "the data folder"),
            ("releases_path", "the folder of unpacked releases"),
        ):
            if not getattr(environment, field):
                mistakes[field] = f"The process runtime needs {what}."
    elif not environment.volume:
        mistakes["volume"] = "The docker runtime needs the name of the data volume, usually “sms_data”."
    mistakes |= _database(environment)
    return mistakes


def _database(environment: Environment) -> dict[str, str]:
    """Which database SMS has, and where."""
    if environment.database_engine == "postgresql":
        try:
            parse(environment.database_url)
        except WrongUse as error:
            return {"database_url": error.message}
        return {}
    database = PurePosixPath(environment.database_file)
    if database.is_absolute() or ".." in database.parts or not database.name:
        return {"database_file": "Give the database's path inside the data folder, like “student_management.db”."}
    return {}


def _reach(environment: Environment) -> dict[str, str]:
    """How SMS is reached."""
    try:
        url = urlsplit(environment.base_url)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        return {"base_url": "Give a web address like “http://127.0.0.1:8080”."}
    if url.username or url.password:
        return {"base_url": "Leave user and password out of the address; it is shown on pages."}
    if url.path not in ("", "/") or url.query:
        return {"base_url": "Give the address without a path; smsops knows the paths of SMS."}
    return _edge(environment)


def _edge(environment: Environment) -> dict[str, str]:
    """How what is in front of SMS is told what to do."""
    if environment.edge == "none" or re.fullmatch(r"http://[\w.-]+:\d+|unix:///\S+", environment.edge_admin):
        return {}
    return {"edge_admin": "Give an address like “http://127.0.0.1:2019” or “unix:///run/caddy/admin.sock”."}


def _checks(environment: Environment) -> dict[str, str]:
    """What is checked there."""
    mistakes: dict[str, str] = {}
    if environment.smoke_email and not environment.smoke_password:
        mistakes["smoke_password"] = "The login check needs the account's password as well."  # noqa: S105
    tables = environment.core_tables
    if not isinstance(tables, list) or not all(isinstance(name, str) and _TABLE.fullmatch(name) for name in tables):
        mistakes["core_tables"] = "Give a list of table names, like [“students”, “grades”]."
    return mistakes
