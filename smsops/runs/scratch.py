"""Steps that write only into their run's own work folder: undoing them is throwing it away."""

from __future__ import annotations

import shutil
from typing import ClassVar

from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind


def clear(ctx: Context) -> None:
    """Throw the run's work folder away; a missing one is fine."""
    shutil.rmtree(ctx.work_dir, ignore_errors=True)


class ScratchStep(StepKind):
    """A step whose only trace is in the work folder."""

    undo_note: ClassVar[str] = "The work folder of this run is removed."

    def undo(self, ctx: Context) -> Outcome:
        clear(ctx)
        return Done(output="The work folder was removed.")
