"""The way of a new environment to a backup that is proven: where it stands, and what begins the next part of it.

Nothing is remembered but what happened, so whoever leaves comes back to where they were, and so does anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from backups.models import Backup
from backups.services import backups, connection
from smsops.models import ACTIVE, Environment, Run, RunState
from smsops.runs.plan import By, submit

FIRST = "first"  # in the parameters of a backup whose proof follows by itself


@dataclass(frozen=True)
class Way:
    """How far one is. `pieces` is what the newest test of the connection said."""

    environment: Environment
    test: Run | None
    backup_run: Run | None
    proof_run: Run | None
    backup: Backup | None

    @property
    def pieces(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.test.facts.get(connection.STEP, {}).get("checks", []) if self.test else []
        return found

    @property
    def active(self) -> Run | None:
        """What goes on now."""
        return next((run for run in (self.test, self.backup_run, self.proof_run) if run and run.state in ACTIVE), None)

    @property
    def proven(self) -> bool:
        """Whether there is a backup that was read back whole, unpacked and checked as deeply as can be."""
        whole = self.backup is not None and self.backup.here and not self.backup.damage
        return whole and self.proof_run is not None and self.proof_run.state == RunState.SUCCEEDED

    @property
    def settled(self) -> bool:
        """Whether nothing will change by itself any more."""
        first = self.backup_run
        done = first is not None and first.state == RunState.SUCCEEDED and bool(first.params.get(FIRST))
        return self.active is None and not (done and self.backup is not None and self.proof_run is None)


def way(environment: Environment) -> Way:
    """Where the environment stands, in four questions."""
    runs = Run.objects.filter(environment=environment)
    test = _newest(runs.filter(kind=connection.KIND))
    taken = _newest(runs.filter(kind="backup", **{f"params__{FIRST}": True}))
    number = _backup_of(taken)
    if number is None:
        return Way(environment, test, taken, None, None)
    proof = _newest(runs.filter(kind="verification", params__backup=number))
    return Way(environment, test, taken, proof, Backup.objects.filter(pk=number).first())


def unfinished() -> list[Environment]:
    """Environments without a proven backup of their own, the newest first."""
    proven = Run.objects.filter(kind="verification", state=RunState.SUCCEEDED).values("environment")
    tested = Run.objects.filter(kind=connection.KIND).values("environment")
    found = Environment.objects.filter(pk__in=tested).exclude(pk__in=proven)
    return list(found.order_by("-created_at"))


def ask(environment: Environment, by: By) -> Run:
    """Queue a test of the connection."""
    return submit(connection.plan(environment), by)


def take(environment: Environment, by: By) -> Run:
    """Queue the first backup; its proof follows by itself. WrongUse when an exclusive run is under way there."""
    plan = backups.plan(environment)
    return submit(replace(plan, params=plan.params | {FIRST: True}), by)


def prove(run: Run) -> Run | None:
    """Queue the proof of a first backup that ended well; None where there is nothing to prove, or it was queued."""
    number = _backup_of(run)
    if run.kind != "backup" or run.state != RunState.SUCCEEDED or not run.params.get(FIRST) or number is None:
        return None
    backup = Backup.objects.filter(pk=number).first()
    known = Run.objects.filter(kind="verification", environment=run.environment_id, params__backup=number)
    if backup is None or known.exists():
        return None
    return backups.verify(backup, By(run.trigger, run.actor, run.actor_name, "the first backup"))


def _backup_of(run: Run | None) -> int | None:
    """The backup a run has entered in the catalogue."""
    found: int | None = run.facts.get("backup.catalogue", {}).get("backup") if run is not None else None
    return found


def _newest(runs: QuerySet[Run]) -> Run | None:
    return runs.order_by("-created_at", "-pk").first()
