"""What people do with runs, in the audit trail: in the transaction that does it, as its last statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smsops.audit import record, whoever
from smsops.models import Decision, Risk, Run
from smsops.models.audit import Door, Sort
from smsops.runs.preludes import AT_ONCE

DECIDED = {
    Decision.APPROVED: "run.approve",
    Decision.REFUSED: "run.refuse",
    Decision.GLASS_BROKEN: "run.break-glass",
}
if TYPE_CHECKING:
    from smsops.runs.plan import By


def requested(run: Run, by: By, risk: Risk, decision: Decision | None) -> None:
    """Somebody wants a run; it may have to wait, or the glass is broken for it."""
    at_once = run.facts.get(AT_ONCE, "")
    broken = decision == Decision.GLASS_BROKEN or bool(at_once)
    given = {"kind": run.kind, "environment": run.environment.name, "risk": risk.label}
    if decision is not None:
        given["decision"] = decision.label
    if at_once:
        given["at once"] = at_once
    _tell("run.break-glass" if broken else "run.request", run, by, given)


def decided(run: Run, by: By, decision: Decision) -> None:
    """The second person has decided, or somebody breaks the glass."""
    _tell(DECIDED.get(decision, "run.void"), run, by, {"asked by": run.approval.requested_name})


def cancelled(run: Run, by: By) -> None:
    """Somebody wants a run to stop."""
    _tell("run.cancel", run, by, {})


def _tell(action: str, run: Run, by: By, given: dict[str, str]) -> None:
    here = whoever()
    # A command is typed by an account of the machine, whatever name it is run under.
    named = by.user is not None or here.door == Door.SELF
    record(action, run, sort=Sort.RUN, who=here.named(by.user, by.called) if named else here,
           reason=by.reason, given=given)  # fmt: skip
