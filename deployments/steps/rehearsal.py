"""The steps of a rehearsal (D10): a release really upgrades a copy, runs on it, and goes back, where nobody notices."""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar

from backups.models import Backup
from backups.steps.restore_test import UnpackForTest, copy_of
from deployments.steps.schema import TryDowngrade, missing
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind
from smsops.switch import sandbox
from smsops.text import count_text, seconds_text


class UpgradeCopy(StepKind):
    """Waits until the copy has the release's schema: so long the upgrade takes, whatever the start takes then.

    Whether it worked is the gate's to say; this one ends as well when the release ended or takes too long.
    """

    key = "rehearsal.upgrade"
    title = "Wait until the release has upgraded the copy"
    timeout = 24 * 3600  # the environment's own gate time decides

    def do(self, ctx: Context) -> Outcome:
        heads = ctx.params.get("heads", "")
        with contextlib.suppress(OpsError):  # it is being migrated: it may be locked
            if not heads or copy_of(ctx).revision() == heads:
                return Done({"upgraded": bool(heads)}, f"At {heads}." if heads else "Its revisions are not known.")
        found = sandbox.runtime_of(ctx).inspect(sandbox.name_of(ctx))
        if found is None or not found.up or ctx.step.open_seconds > ctx.environment.gate_seconds:
            return Done({"upgraded": False}, "The copy has another schema still.")
        return Again(0.1, f"{ctx.step.open_seconds:.0f} s")


class CompareUpgraded(StepKind):
    """With the release running on the copy: its schema is the release's, and every row of before is there."""

    key = "rehearsal.compare"
    title = "Compare the upgraded copy with the backup"
    phase: ClassVar[str] = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        copy, heads = copy_of(ctx), ctx.params.get("heads", "")
        revision, rows = copy.revision(), copy.row_counts()
        ctx.remember(row_counts=rows)  # what was lost is shown table by table
        if heads and revision != heads:
            raise OpsError(f"The upgraded copy is at {revision or 'no revision'}, the release needs {heads}.")
        lost = missing(ctx.fact(UnpackForTest.key, "row_counts", {}), rows, [])
        if lost:
            raise OpsError(f"{ctx.params['version']} loses rows when it upgrades: {'; '.join(lost)}.")
        return Done({"row_counts": rows, "schema_revision": revision}, f"At {revision}; every row is there.")


class StopSandbox(StepKind):
    """Stops the release, so that the way back has the copy for itself."""

    key = "rehearsal.stop"
    title = "Stop the release on the copy"

    def do(self, ctx: Context) -> Outcome:
        ctx.guard()
        sandbox.runtime_of(ctx).stop(sandbox.name_of(ctx), ctx.environment.stop_seconds)
        return Done(output="Stopped; the copy stays.")


class GoBack(TryDowngrade):
    """Takes the migrations back on the copy, where there are any and they can be taken back."""

    key = "rehearsal.back"
    title = "Go the way back on the copy"
    copied: ClassVar[str] = UnpackForTest.key

    def do(self, ctx: Context) -> Outcome:
        if not ctx.params.get("aim"):
            return Done({"way": ctx.params["way_back"]}, ctx.params["way_back"], skipped=True)
        return super().do(ctx)


class ConcludeRehearsal(StepKind):
    """Writes down what was rehearsed, how long it took, and what the way back is."""

    key = "rehearsal.conclude"
    title = "Write the rehearsal down"
    phase: ClassVar[str] = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        backup = Backup.objects.get(pk=ctx.params["backup"])
        waits = [_took(ctx, key) for key in (UpgradeCopy.key, sandbox.SandboxGate.key)]
        up, back = sum(each or 0.0 for each in waits), _took(ctx, GoBack.key)
        rows = sum(ctx.fact(CompareUpgraded.key, "row_counts", {}).values())
        said = (
            f"{ctx.params['version']} ran on {backup.identifier}: up in {seconds_text(up)}, {count_text(rows, 'row')}"
        )
        way = f"Back in {seconds_text(back)}" if ctx.params.get("aim") else ctx.params["way_back"]
        headline = f"{said}, the checklist passed. {way.rstrip('.')}."
        return Done({"headline": headline, "up_seconds": up, "back_seconds": back}, headline)


def _took(ctx: Context, key: str) -> float | None:
    step: Any = ctx.run.steps.filter(kind=key).first()
    return None if step is None else step.seconds
