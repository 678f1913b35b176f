"""Runs with their steps and journals, and the backups they made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from backups.models import Backup, BackupDay, OffsiteVault, Replica
from backups.models.day import packed
from backups.services import old_runs
from bench.scale.world import VERSIONS, World
from bench.scale.writing import numbers, put, put_many
from deployments.models import CheckResult, ConfigSnapshot, Finding
from smsops.models import Environment, JournalEntry, Run, Step

BACKUP = (("backup.snapshot", "Take a snapshot of the live database", "prepare"),
          ("backup.store", "Store it in the vault, read it back, check it", "prepare"),
          ("backup.catalogue", "Enter it in the catalogue", "validate"),
          ("vault.tidy", "Tidy up the vault", "execute"))  # fmt: skip
COPY = (("offsite.copy", "Copy backups off-site", "execute"),)
TEST = tuple((kind, f"Step {kind}", "validate") for kind in (
    "test.unpack", "sandbox.start", "sandbox.gate", "checks.health", "checks.login", "checks.rows", "test.conclude",
    "sandbox.remove"))  # fmt: skip
CHANGE = tuple((kind, f"Step {kind}", "execute") for kind in (
    "checks.before", "config.snapshot", "backup.snapshot", "backup.store", "backup.catalogue", "switch.stop",
    "switch.create", "switch.start", "switch.gate", "switch.name", "checks.after", "compare.rows"))  # fmt: skip
AUDIT = (("audit.packages", "Audit the packages", "execute"), ("audit.files", "Look for secrets", "execute"))
STEPS = {"backup": BACKUP, "replication": COPY, "restore_test": TEST, "deploy": CHANGE, "rollback": CHANGE,
         "restore": CHANGE, "audit": AUDIT, "drill": TEST}  # fmt: skip
CHECKS = tuple((f"check{number:02}", f"Check number {number}") for number in range(20))
ROUTINE = frozenset({"backup", "replication", "restore_test"})


@dataclass
class Work:
    """What was made: the rows that other rows refer to, by environment."""

    world: World
    backups: dict[int, list[tuple[int, datetime, int | None]]] = field(default_factory=dict)
    changes: dict[int, list[tuple[int, datetime, str]]] = field(default_factory=dict)
    audits: dict[int, list[tuple[int, datetime]]] = field(default_factory=dict)
    began: dict[int, tuple[datetime, str, bool]] = field(default_factory=dict)  # of a run: when, what, whether well
    vaults: list[tuple[int, int]] = field(default_factory=list)  # each with its environment
    first: dict[int, int] = field(default_factory=dict)  # of a run: its first step


def fill(world: World) -> None:
    """Runs first, then what hangs on them."""
    work = Work(world)
    work.vaults = list(OffsiteVault.objects.filter(environment__in=world.places).values_list("pk", "environment_id"))
    put_many(Run, (row for place in world.places for row in _runs(work, place)))
    put_many(Step, _steps(work))
    put_many(JournalEntry, _journal(work))
    put_many(Backup, (row for place in world.places for row in _backups(work, place)))
    put(Replica, _replicas(work))
    put_many(BackupDay, (row for place in world.places for row in _days(world, place)))
    put_many(CheckResult, (row for place in world.places for row in _checks(work, place)))
    put(ConfigSnapshot, (row for place in world.places for row in _snapshots(work, place)))
    put(Finding, (row for place in world.places for row in _findings(work, place)))


def _runs(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    yield from _copies(work, place)
    yield from _tests(work, place)
    yield from _changes(work, place)


def _copies(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    """Backups, the newest of which still have their runs; those that failed in the year; copies off-site."""
    world, dice, phase = work.world, work.world.chance(place, "copies"), work.world.phase(place)
    made = work.backups[place.pk] = []
    whole, offsite = timedelta(days=old_runs.days_of("backup")), world.has_offsite(place)
    for age in world.kept:
        at = world.now - age - phase
        run = _run(work, place, "backup", f"Back up {place.name}", at) if age < whole else None
        made.append((next(numbers(Backup)), at, run["id"] if run else None))
        if run:
            yield run
            if offsite:
                yield _run(work, place, "replication", "Copy backups to away", at + timedelta(seconds=30), False)
    for at in world.moments(18, dice):
        yield _run(work, place, "backup", f"Back up {place.name}", at, state="failed_safe",
                   cause="The disk of the vault is full.")  # fmt: skip


def _tests(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    world = work.world
    for day in range(min(world.days, old_runs.days_of("restore_test"))):
        at = world.now - timedelta(days=day, hours=3) - world.phase(place)
        yield _run(work, place, "restore_test", f"Test the restore of {place.name}", at, False)


def _changes(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    world, dice = work.world, work.world.chance(place, "changes")
    done = work.changes[place.pk] = []
    for kind, per_year in (("deploy", world.deploys), ("rollback", 2), ("restore", 1)):
        for at in world.moments(per_year, dice):
            version = dice.choice(VERSIONS)
            well = dice.random() > 0.04
            run = _run(work, place, kind, f"{kind.capitalize()} {version} at {place.name}", at,
                       state="succeeded" if well else "failed_undone", trigger="manual",
                       actor_name=f"person{dice.randrange(world.people):02}", disturbs=True,
                       reason="The new timetable is needed for the exams.",
                       params=json.dumps({"version": version}))  # fmt: skip
            done.append((run["id"], at, version))
            yield run
    audited = work.audits[place.pk] = []
    for at in world.moments(world.audits, dice):
        run = _run(work, place, "audit", f"Audit {VERSIONS[-1]}", at, False)
        audited.append((run["id"], at))
        yield run
    for at in world.moments(4, dice):
        yield _run(work, place, "drill", f"Drill at {place.name}", at, False)


def _run(work: Work, place: Environment, kind: str, title: str, at: datetime, exclusive: bool = True,
         **more: Any) -> dict[str, Any]:  # fmt: skip
    number = next(numbers(Run))
    state, took = more.get("state", "succeeded"), timedelta(seconds=2 + number % 7)
    work.began[number] = (at, kind, state == "succeeded")
    said = f"{title}: {state.replace('_', ' ')}, 200 students, 9.0 MB."
    facts = json.dumps({"backup.store": {"identifier": f"{at:%Y%m%dT%H%M%SZ}-r{number}", "stored_size": 9_000_000}})
    return {"id": number, "environment_id": place.pk, "kind": kind, "title": title, "state": state,
            "exclusive": exclusive, "trigger": "schedule", "actor_name": "schedule", "headline": said, "facts": facts,
            "end_announced": True, "created_at": at, "started_at": at + timedelta(seconds=1),
            "finished_at": at + took, "next_tick_at": at + took, **more}  # fmt: skip


def _steps(work: Work) -> Iterator[dict[str, Any]]:
    for run, (at, kind, well) in work.began.items():
        plan = STEPS[kind]
        for position, (key, title, phase) in enumerate(plan, 1):
            last, number = position == len(plan) and not well, next(numbers(Step))
            work.first.setdefault(run, number)
            yield {"id": number, "run_id": run, "position": position, "kind": key, "title": title,
                   "phase": phase, "state": "failed" if last else "done", "output": "9.0 MB; read back and the same.",
                   "attempts": 1, "token": 7, "work_seconds": 0.4, "started_at": at + timedelta(seconds=position),
                   "finished_at": at + timedelta(seconds=position + 1)}  # fmt: skip


def _journal(work: Work) -> Iterator[dict[str, Any]]:
    """Of every run that was no routine, and of the newest of those that were."""
    since = work.world.now - timedelta(days=work.world.journal_days)
    for run, (at, kind, _) in work.began.items():
        if kind in ROUTINE and at < since:
            continue
        steps = range(work.first[run], work.first[run] + len(STEPS[kind]))
        lines = [("state", None), *((entry, step) for step in steps for entry in ("intent", "done")), ("state", None)]
        for second, (entry, step) in enumerate(lines):
            yield {"id": next(numbers(JournalEntry)), "run_id": run, "step_id": step, "entry": entry, "token": 7,
                   "at": at + timedelta(seconds=second / 3), "holder": "worker@host:1234:5678"}  # fmt: skip


def _backups(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    counts = json.dumps({"students": 200, "courses": 12, "grades": 4000})
    for index, (number, at, run) in enumerate(work.backups[place.pk]):
        proof = "started" if index % 96 == 0 else "checked"
        yield {"id": number, "environment_id": place.pk, "run_id": run, "taken_at": at, "reason": "scheduled",
               "identifier": f"{at:%Y%m%dT%H%M%SZ}-r{number}", "proof": proof, "proven_at": at, "size": 52_428_800,
               "stored_size": 900_000 + number % 1000, "root": f"{number:064x}", "schema_revision": "c41d7e90ab52",
               "release_version": VERSIONS[-1], "row_counts": counts}  # fmt: skip


def _replicas(work: Work) -> Iterator[dict[str, Any]]:
    for vault, place in work.vaults:
        for number, at, _ in work.backups[place]:
            yield {"backup_id": number, "vault_id": vault, "seen_at": at}


def _days(world: World, place: Environment) -> Iterator[dict[str, Any]]:
    """When the backups began whose runs were let go of."""
    phase = round(world.phase(place).total_seconds())
    seconds = packed(second + phase for second in range(0, 24 * 3600, 900))
    for day in range(old_runs.days_of("backup") + 1, world.days):
        yield {"environment_id": place.pk, "day": (world.now - timedelta(days=day)).date(), "seconds": seconds}


def _checks(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    for run, at, _ in work.changes[place.pk]:
        for stage in ("preconditions", "checklist"):
            for key, title in CHECKS:
                bad = (run + len(key) + hash(key)) % 97 == 0
                yield {"id": next(numbers(CheckResult)), "environment_id": place.pk, "run_id": run, "stage": stage,
                       "key": key, "section": "§3", "title": title, "verdict": "fail" if bad else "pass",
                       "detail": "It answers as it should, within 12 ms.", "seconds": 0.1, "at": at}  # fmt: skip


def _snapshots(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    for run, at, version in work.changes[place.pk]:
        yield {"id": next(numbers(ConfigSnapshot)), "environment_id": place.pk, "run_id": run, "taken_at": at,
               "seen_at": at, "digest": f"{run:064x}", "release_version": version,
               "variables": json.dumps({f"VARIABLE_{each}": f"{run:032x}" for each in range(12)})}  # fmt: skip


def _findings(work: Work, place: Environment) -> Iterator[dict[str, Any]]:
    for run, at in work.audits[place.pk]:
        for number in range(5):
            yield {"id": next(numbers(Finding)), "environment_id": place.pk, "run_id": run, "version": VERSIONS[-1],
                   "tool": "pip-audit", "severity": ("high", "moderate", "low")[number % 3],
                   "package": f"package{number}", "installed": "0.5", "advisory": f"PYSEC-2026-{number}", "fix": "1.0",
                   "what": "Unexpected memory usage.", "mark": f"{number:064x}", "found_at": at}  # fmt: skip
