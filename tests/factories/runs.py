"""Runs, and what they leave."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from backups.models import Backup, OffsiteVault
from deployments.models import Finding, Operation
from smsops.models import Environment, Run, RunState, Step, StepState
from tests.factories.environments import make_environment
from tests.factories.words import CANARY, unique


def make_run(environment: Environment | None = None, **fields: Any) -> Run:
    """A run, by default a backup that ended well a moment ago."""
    environment = environment or make_environment()
    now = timezone.now()
    over = fields.get("state", RunState.SUCCEEDED) not in (RunState.PLANNED, RunState.QUEUED, RunState.RUNNING)
    defaults = {
        "kind": "backup",
        "title": f"Back up {environment.name}",
        "state": RunState.SUCCEEDED,
        "created_at": now - timedelta(seconds=5),
        "started_at": now - timedelta(seconds=4),
        "finished_at": now - timedelta(seconds=1) if over else None,
        "end_announced": over,
    }
    return Run.objects.create(environment=environment, **{**defaults, **fields})


def make_operation(environment: Environment | None = None, **fields: Any) -> Operation:
    """A deploy in the operations log."""
    run = make_run(environment, **{"kind": "deploy", "title": "Deploy 1.18.0", "reason": "the new term", **fields})
    return Operation.objects.get(pk=run.pk)


def make_finding(run: Run | None = None, **fields: Any) -> Finding:
    """A known weakness of a package, found by an audit that has just ended."""
    run = run or make_run(kind="audit", title="Audit 1.18.0")
    defaults = {
        "tool": "pip-audit",
        "version": "1.18.0",
        "package": "flask",
        "installed": "0.5",
        "advisory": "PYSEC-2019-179",
        "fix": "1.0",
        "what": "Unexpected memory usage.",
        "mark": uuid.uuid4().hex,
    }
    return Finding.objects.create(run=run, environment=run.environment, **{**defaults, **fields})


def make_step(run: Run, **fields: Any) -> Step:
    """The next step of a run, by default one that is done."""
    now = timezone.now()
    defaults = {
        "position": run.steps.count() + 1,
        "kind": "backup.snapshot",
        "title": "Take a snapshot of the live database",
        "state": StepState.DONE,
        "started_at": now - timedelta(seconds=3),
        "finished_at": now - timedelta(seconds=2),
        "work_seconds": 1.0,
    }
    return Step.objects.create(run=run, **{**defaults, **fields})


def make_backup(environment: Environment | None = None, **fields: Any) -> Backup:
    """A catalogue card of a good backup, taken now; the vault knows nothing of it."""
    environment = environment or make_environment()
    taken_at = fields.setdefault("taken_at", timezone.now())
    defaults = {
        "identifier": f"{taken_at:%Y%m%dT%H%M%SZ}-{unique('r')}",
        "proof": "checked",
        "size": 52_428_800,
        "stored_size": 9_000_000,
        "root": "a" * 64,
        "schema_revision": "c41d7e90ab52",
        "release_version": "1.18.0",
        "row_counts": {"students": 200, "courses": 12},
    }
    return Backup.objects.create(environment=environment, **{**defaults, **fields})


def make_offsite_vault(environment: Environment | None = None, **fields: Any) -> OffsiteVault:
    """A bucket nobody has ever reached."""
    defaults = {"name": unique("s3-"), "kind": "s3", "bucket": "school", "user": "AKID", "secret": CANARY}
    return OffsiteVault.objects.create(environment=environment or make_environment(), **{**defaults, **fields})
