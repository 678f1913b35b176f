"""The step that asks whether everything smsops needs of an SMS can be reached."""

from __future__ import annotations

from backups.services import connection
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind


class AskConnection(StepKind):
    """Asks piece by piece, and changes nothing; what does not work is an answer, not a failure of the run."""

    key = connection.STEP
    title = "Ask piece by piece"
    phase = Phase.DETECT
    timeout = 120

    def do(self, ctx: Context) -> Outcome:
        pieces = connection.ask(ctx.environment)
        bad = [piece["title"].lower() for piece in pieces if piece["verdict"] == connection.FAIL]
        headline = f"Not reached: {', '.join(bad)}." if bad else "Everything that is needed can be reached."
        output = "\n".join(f"{piece['title']}: {piece['detail']} {piece['fix']}".strip() for piece in pieces)
        return Done({"checks": pieces, "bad": bad, "headline": headline}, output)
