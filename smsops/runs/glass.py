"""Breaking the glass: a run goes without the second person it needs, for a reason, and nobody can overlook it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smsops import signals
from smsops.errors import WrongUse
from smsops.models import Approval, Environment

if TYPE_CHECKING:
    from smsops.runs.plan import By

PERMISSION = "smsops.break_glass"
FEWEST_WORDS = 3


def refuse(environment: Environment, by: By, without: str = "a second person") -> None:
    """Raise WrongUse when this person may not break the glass there, or does not say why."""
    if by.user is not None and not by.user.has_perm(PERMISSION):
        raise WrongUse(f"{by.called} may not start it without {without}.")
    if by.user is None and not environment.shell_breaks_glass:
        raise WrongUse(
            f"{environment.name} does not let the shell break the glass.",
            fix=f"Do not go without {without}, or allow it on the environment's page.",
        )
    if len(by.reason.split()) < FEWEST_WORDS:
        raise WrongUse(f"Say in at least {FEWEST_WORDS} words why it cannot wait for {without}.")


def tell(approval: Approval) -> None:
    """Tell the rooms above, in the transaction that starts the run: it does not start without being told."""
    run, who = approval.run, approval.decided_name
    said = f"{who} broke the glass: “{run.title}” (run {run.pk}) goes without a second person. {approval.note}"
    signals.glass_broken.send(sender=Approval, run=run, author=who, said=said)
