"""The steps that try the way of a schema back (runbook §4.2A): by the newer release, on a copy, to named revisions.

They work while SMS runs, on a copy that is thrown away: a way back that does not work is known before anything stops.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from backups.services import databases, live_copies
from backups.services.databases.base import Successor
from backups.steps.databases import database_of, room_for_bytes, work_of
from backups.steps.restore_test import copy_of, trial_of
from backups.vault.manifest import Manifest
from backups.vault.shelf import explained
from deployments.strategies.path import Path as Way
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind
from smsops.runs.scratch import ScratchStep
from smsops.runtimes.base import Command, Instance, Runtime, Status
from smsops.switch import sandbox
from smsops.text import bytes_text, seconds_text

COPIES = 3  # the copy, what is made of it, and air
DOWNGRADE = "import sys; from alembic.config import main; [main(argv=['downgrade', name]) for name in sys.argv[1:]]"
LAST_LINES = 40


def successor_of(ctx: Context) -> Successor:
    """The copy that is to take the database's place."""
    return databases.successor(ctx.environment, ctx.runtime, ctx.work_dir)


class CopyForTrial(ScratchStep):
    """Copies the live database to where the newer release can work on it; SMS runs on."""

    key = "schema.try_copy"
    title = "Copy the database, to try the way back on the copy"
    phase: ClassVar[str] = Phase.PREPARE
    timeout = 3600

    def do(self, ctx: Context) -> Outcome:
        database, trial = database_of(ctx), trial_of(ctx)
        successor_of(ctx).refuse(work_of(ctx))

        def read(target: Path, _: object) -> Manifest:
            return live_copies.copy(database, ctx.environment.name, target)

        with explained(ctx.work_dir):
            room_for_bytes(database.size() * COPIES, ctx.work_dir)
            facts = trial.fill(work_of(ctx), read, database.size())
            sandbox.tell(ctx, trial.told())
        return Done(facts.result, f"{bytes_text(facts.size)} copied; {database.check}: ok.")

    def undo(self, ctx: Context) -> Outcome:
        trial_of(ctx).end()
        return super().undo(ctx)


class TryDowngrade(StepKind):
    """Runs the way back on the copy, by the newer release, and looks at what came out."""

    key = "schema.try"
    title = "Try the way back on the copy"
    phase: ClassVar[str] = Phase.PREPARE
    timeout = 3600
    copied: ClassVar[str] = CopyForTrial.key
    undo_note = "The copy's command is ended and removed."

    def runtime(self, ctx: Context, *, anew: bool = True) -> Runtime:
        """Where the command runs; `anew`: where one can be made."""
        return sandbox.runtime_of(ctx)

    def script(self, ctx: Context) -> str:
        """What it runs, in the newer release's Python; the revisions are its arguments."""
        return DOWNGRADE

    def found(self, ctx: Context) -> tuple[str, dict[str, int]]:
        """The copy's revision now, and its rows per table."""
        copy = copy_of(ctx)
        return copy.revision(), copy.row_counts()

    def do(self, ctx: Context) -> Outcome:
        runtime, name = self.runtime(ctx), _name(ctx)
        found = runtime.inspect(name)
        if found is None:
            ctx.guard()
            command = Command(("python", "-c", self.script(ctx), *ctx.params["aim"]), "backend")
            found = runtime.create(name, ctx.params["newer_image_id"], ctx.labels, command)
        if found.status is Status.CREATED:
            ctx.guard()
            runtime.start(name)
            return Again(0.2, "It began.")
        if found.status is not Status.EXITED:
            return Again(0.3, f"{ctx.step.open_seconds:.0f} s")
        self._judge(found, runtime)
        runtime.stop(name, 1)  # who looked after it may still be on the way out
        runtime.remove(name)
        return self._looked(ctx)

    def _judge(self, found: Instance, runtime: Runtime) -> None:
        if found.exit_code == 0:
            return
        lines = [line for line in runtime.logs(found.name, LAST_LINES).splitlines() if line.strip()]
        said = lines[-1].strip()[:300] if lines else f"exit code {found.exit_code}"
        raise OpsError(f"The way back failed on the copy: {said}", fix="Restore a backup of before that migration.")

    def _looked(self, ctx: Context) -> Outcome:
        """What the copy is now: at the right revisions, with every row that may not go."""
        wanted, (revision, rows) = ",".join(ctx.params["aim"]), self.found(ctx)
        ctx.remember(row_counts=rows)
        if revision != wanted:
            raise OpsError(f"The way back led to {revision or 'no revision'} instead of {wanted}.")
        before: dict[str, int] = ctx.fact(self.copied, "row_counts", {})
        lost = missing(before, rows, ctx.params.get("drops", []))
        if lost:
            raise OpsError(f"The way back loses rows: {'; '.join(lost)}.", fix="Restore a backup instead.")
        said = f"At {revision}; every row that may stay is there. It took {seconds_text(ctx.step.open_seconds)}."
        return Done({"row_counts": rows, "schema_revision": revision}, said)

    def undo(self, ctx: Context) -> Outcome:
        runtime = self.runtime(ctx, anew=False)
        ctx.guard()
        runtime.stop(_name(ctx), 1)
        runtime.remove(_name(ctx))
        return Done(output="Nothing of it is left.")


def params_of(way: Way) -> dict[str, Any]:
    """What the steps must know of a way back."""
    return {
        "aim": list(way.aim),
        "crossed": [each.name for each in way.crossed],
        "drops": list(way.drops),
    }


def missing(before: dict[str, int], after: dict[str, int], drops: list[str]) -> list[str]:
    """Sentences about tables that have fewer rows than before; one that was to go may be gone."""
    return [
        f"{table}: {after.get(table, 0):,} of {count:,}"
        for table, count in sorted(before.items())
        if after.get(table, 0) < count and table not in drops and table != "alembic_version"
    ]


def _name(ctx: Context) -> str:
    return f"{ctx.environment.instance}-downgrade-r{ctx.run.pk}"
