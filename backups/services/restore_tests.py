"""Restore tests: the only proof that counts is SMS running on the backup (runbook §6.3, B12)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from backups.models import Backup, Proof
from backups.services import databases
from backups.services.restores import fitting_release
from smsops.models import ACTIVE, Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.registry import runtime_for

KIND = "restore_test"
PAUSE = timedelta(hours=20)  # from one test to the next: each day has one
FEW, LOOKS = 3, 100  # so many begin at one look at least; and so many looks a day are enough for all


def plan(backup: Backup) -> Plan:
    """What a test of this backup would do. Raises WrongUse when no release is here that can run on it."""
    environment = backup.environment
    runtime = runtime_for(environment)
    running = runtime.inspect(environment.instance)
    image_id, note = fitting_release(backup, runtime, running)
    kinds = ["test.unpack", "sandbox.start", "sandbox.gate"]
    kinds += [step.kind for step in validation_steps(environment)]
    kinds += ["test.conclude", *databases.trial_end(environment), "sandbox.remove"]
    return Plan(
        kind=KIND,
        title=f"Test the restore of {backup.identifier}",
        environment=environment,
        steps=tuple(PlannedStep(kind) for kind in kinds),
        params={"backup": backup.pk, "image_id": image_id or ""},
        exclusive=False,
        notes=(
            "The backup is unpacked into a scratch folder and SMS is started on it, beside the real one, which is not "
            "touched.",
            note,
            "It is cut off from other networks where the engine can do that, and goes away at the end.",
        ),
    )


def start(backup: Backup, by: By) -> Run:
    """Queue a test of this backup."""
    return submit(plan(backup), by)


def next_to_test(environment: Environment) -> Backup | None:
    """The good backup whose turn it is: the newest when SMS never ran on it, else the one not looked at for longest.

    None while a test is under way there, or when there is no good backup.
    """
    if Run.objects.filter(environment=environment, kind=KIND, state__in=ACTIVE).exists():
        return None
    good = Backup.objects.filter(environment=environment, damage="")
    newest = good.first()
    if newest is None or newest.proof != Proof.STARTED:
        return newest
    return good.exclude(pk=newest.pk).order_by(F("proven_at").asc(), "pk").first() or newest


def due() -> Iterator[Environment]:
    """Those that have had no test today, the one that waits longest first."""
    last = Run.objects.filter(environment=OuterRef("pk"), kind=KIND).order_by("-created_at").values("created_at")[:1]
    found = Environment.objects.filter(backups_enabled=True).annotate(tested=Subquery(last))
    waiting = found.filter(Q(tested=None) | Q(tested__lt=timezone.now() - PAUSE))
    return waiting.order_by(F("tested").asc(nulls_first=True), "pk").iterator()


def at_once() -> int:
    """How many may begin at one look, so that a thousand do not begin together and hold up the backups."""
    return max(FEW, math.ceil(Environment.objects.filter(backups_enabled=True).count() / LOOKS))
