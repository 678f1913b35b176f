"""On which database SMS really works: the classic outage is one that came up on another, empty one (surprise 22)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from backups.services import integrity
from backups.services.integrity import Drop
from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.checks.registry import register
from deployments.checks.settings import DATA_MOUNT
from deployments.sources import inspection
from smsops import health
from smsops.environments.database_url import parse
from smsops.models import DatabaseEngine, RuntimeKind

COUNTED = {"students": "students", "courses": "courses", "grades": "grades", "enrollments": "course_enrollments"}
FIX = "Compare DATABASE_URL, DATABASE_ENGINE and the volume with the environment's page before anybody enters data."


@register
class RightDatabase(Check):
    key, title, section, stages, order = "database", "Database", "§3", (CHECKLIST,), 50

    def run(self, target: Target) -> Result:
        body = health.unwrap(target.ask(health.HEALTH).json())
        stated = body.get("database_target")
        wrong = [*elsewhere(stated, target), *other_volume(target), *fewer(body, target)]
        if wrong:
            return self.failed(" ".join(wrong), FIX)
        counts = statistics(body)
        if not counts and not stated:
            return self.skipped("SMS says neither where its database is nor how many rows it has.")
        said = f"SMS counts {integrity.told(counts)}" if counts else "SMS counts no rows"
        where = f"; it works on {stated['database']}" if isinstance(stated, dict) and stated.get("database") else ""
        return self.passed(f"{said}, as the database here{where}.")


def elsewhere(stated: Any, target: Target) -> list[str]:
    """What era C says of its database and is not so; SMS may know a server by another name than we, so hosts say
    nothing."""
    if not isinstance(stated, dict):
        return []
    engine, name = str(stated.get("engine") or "").lower(), str(stated.get("database") or "")
    wanted = target.environment.database_engine
    if engine and not engine.startswith(wanted):
        return [f"SMS works on {engine}, the environment has {wanted}."]
    meant = _meant(target)
    return [f"SMS works on {name}, not on {meant}."] if name and name not in (meant, PurePosixPath(meant).name) else []


def _meant(target: Target) -> str:
    """What SMS would call the right database."""
    environment = target.environment
    if environment.database_engine == DatabaseEngine.POSTGRESQL:
        return parse(target.runtime.spec.told.address or environment.database_url).name
    if environment.runtime == RuntimeKind.DOCKER:
        return str(DATA_MOUNT / environment.database_file)
    return str(PurePosixPath(target.runtime.data_folder()) / environment.database_file)


def other_volume(target: Target) -> list[str]:
    """Whether the container has another volume at the place of its data than the environment's."""
    environment = target.environment
    if environment.runtime != RuntimeKind.DOCKER or target.service or environment.database_engine != "sqlite":
        return []
    mounts = inspection.facts(target.runtime.describe(target.name)).get("mounts", [])
    at_data = [each.split(":")[0] for each in mounts if each.split(":")[1] == str(DATA_MOUNT)]
    if not mounts or environment.volume in at_data:
        return []
    return [f"{DATA_MOUNT} is {' and '.join(at_data) or 'no volume'}, not {environment.volume}."]


def statistics(body: Mapping[str, Any]) -> dict[str, int]:
    """The rows SMS counts, by table; deleted ones are among them."""
    found = body.get("statistics")
    found = found if isinstance(found, dict) else {}
    return {table: found[name] for name, table in COUNTED.items() if isinstance(found.get(name), int)}


def fewer(body: Mapping[str, Any], target: Target) -> list[str]:
    """Far fewer rows than the database here has, or had before the change."""
    counts = statistics(body)
    if not counts:
        return []
    baselines = ((target.rows, "the database here has"), (target.baseline or {}, "there were before"))
    for before, what in baselines:
        emptied = [Drop(table, before[table], 0) for table in counts if before.get(table) and not counts[table]]
        lost = emptied or integrity.drops(before, counts, list(counts))
        if lost:
            return [f"SMS counts {lost[0].after:,} in {lost[0].table}, where {what} {lost[0].before:,}."]
    return []
