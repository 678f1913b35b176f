"""Letting the follower of the log rest while a run needs the database to itself, and go on afterwards (B9)."""

from __future__ import annotations

from backups.services import following
from smsops import zones
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind

NOBODY = "Nobody follows the log."


class RestFollower(StepKind):
    """With SMS stopped, lets the follower keep the last commits and let go of the database."""

    key = "log.rest"
    title = "Keep the last commits and let go of the log"
    timeout = 120
    undo_note = "The log is followed again."

    def do(self, ctx: Context) -> Outcome:
        return rest(ctx)

    def undo(self, ctx: Context) -> Outcome:
        following.end_rest(ctx.environment)
        return Done(output="The log is followed again.")


class ResumeFollower(StepKind):
    """Lets the follower go on with whatever the database is now."""

    key = "log.resume"
    title = "Follow the log again"
    essential = False
    undo_note = "The log is let go of again, so that the database can be exchanged."

    def do(self, ctx: Context) -> Outcome:
        following.end_rest(ctx.environment)
        row = following.of(ctx.environment)
        if row is None:
            return Done(output=NOBODY, skipped=True)
        if row.looking:
            return Done(output="From here on every commit is kept again.")
        if not row.alive:
            return Done(output="The follower is not running, or not done with its first look; no commit is kept yet.")
        return Again(0.1, "waiting for the follower to look at the log again")

    def undo(self, ctx: Context) -> Outcome:
        return rest(ctx)


def rest(ctx: Context) -> Outcome:
    """Ask for rest and wait until it is there. A follower that is not there holds nothing."""
    row = following.of(ctx.environment)
    if row is None:
        return Done(output=NOBODY, skipped=True)
    following.order_rest(row, ctx.run)
    row.refresh_from_db()
    if row.rested:
        kept = zones.kept(row.kept_at, seconds=True) if row.kept_at else "none"
        return Done({"kept_at": row.kept_at.isoformat() if row.kept_at else ""}, f"The last commit kept is of {kept}.")
    if not row.alive:
        return Done(output="The follower is not running; it holds nothing.")
    return Again(0.1, "waiting for the follower of the log")
