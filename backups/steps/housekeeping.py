"""Tidying up the vault, as a step: after a scheduled backup once a day, or by itself when a person asks (B7)."""

from __future__ import annotations

from backups.services import housekeeping, old_runs
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import count_text


class TidyVault(StepKind):
    """Lets old backups go by the policy and sweeps up what no backup needs."""

    key = "vault.tidy"
    title = "Tidy up the vault"
    timeout = 1800
    point_of_no_return = True
    essential = False
    undo_note = "None: what went was past its time by the policy."

    def do(self, ctx: Context) -> Outcome:
        if not ctx.params.get("at_once") and not housekeeping.due(ctx.environment):
            return Done(output="It was tidied up today.", skipped=True)
        gone, packs, complaints = housekeeping.tidy(ctx.environment, ctx.guard)
        housekeeping.tidy_log(ctx.environment)
        housekeeping.do_chores(ctx.environment)
        old_runs.tidy(ctx.environment, ctx.guard)
        said = f"{count_text(gone, 'backup')} went by the policy, {count_text(packs, 'pack')} with them."
        said = " ".join([said, *complaints])
        headline = {"headline": said} if ctx.run.kind == "housekeeping" else {}
        return Done({"gone": gone, "packs": packs, **headline}, said)
