"""The step that writes down what SMS is configured with, before anything is stopped (B15)."""

from __future__ import annotations

from deployments.services import config
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import count_text


class TakeConfig(StepKind):
    """Takes a snapshot of the configuration; one like the last one is referred to."""

    key = "config.snapshot"
    title = "Write down the configuration"
    phase = Phase.PREPARE
    undo_note = "Nothing: the snapshot stays."

    def do(self, ctx: Context) -> Outcome:
        found, new = config.take(ctx.environment, ctx.runtime, ctx.run)
        said = f"Snapshot {found.pk}: {count_text(len(found.variables), 'variable')}" + (
            "." if new else ", the same as last time."
        )
        late = config.unapplied(found)
        if late:
            said += f" The running SMS has not got these from the env file yet: {', '.join(late[:20])}."
        return Done({"config": found.pk, "new": new}, said)
