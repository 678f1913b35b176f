"""The second person in the admin: the buttons on a run's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from smsops.admin.actions import ActionForm, DestructiveForm, ObjectAction, Preview, ReasonedForm
from smsops.models import Approval, Run
from smsops.runs import approvals, glass, history, planners
from smsops.runs.plan import By, active_exclusive, busy


def approval_of(run: Run) -> Approval | None:
    """The request a run began with, if it needed one."""
    found: Approval | None = getattr(run, "approval", None)
    return found


class Decide(ObjectAction):
    """A button of a run that waits for a second person."""

    permission = approvals.PERMISSION

    def offered(self, target: Run) -> bool:
        approval = approval_of(target)
        return approval is not None and approval.waits

    def obstacle(self, target: Run) -> str:
        return "" if self.offered(target) else "It does not wait for a second person."


class Starting(Decide):
    """A decision that lets the run begin: no other one may be under way."""

    def obstacle(self, target: Run) -> str:
        other = active_exclusive(target.environment) if target.exclusive else None
        return super().obstacle(target) or (busy(other) if other else "")

    def preview(self, target: Run, request: HttpRequest) -> Preview:
        approval = approvals.waiting(target)
        if changed := planners.changes(approval):
            return Preview((approvals.changed_text(approval, changed), "Going on ends it; ask for it anew."))
        return Preview((*_notes(approval), history.told(target.environment, target.kind)))


class Approve(Starting):
    """Lets the run of somebody else begin."""

    name, label = "approve", "Approve…"
    form = ActionForm

    def preview(self, target: Run, request: HttpRequest) -> Preview:
        user = request.user
        approvals.refuse_person(approvals.waiting(target), By(user=user, name=user.get_username()))  # type: ignore[arg-type]
        return super().preview(target, request)

    def perform(self, target: Run, by: By, cleaned: dict[str, Any]) -> Run:
        return approvals.approve(target, by).run


class Refuse(Decide):
    """Ends the request; whoever asked reads why."""

    name, label = "refuse", "Refuse…"
    form = ReasonedForm

    def preview(self, target: Run, request: HttpRequest) -> Preview:
        return Preview((*_notes(approvals.waiting(target)), "It ends here and does nothing."))

    def perform(self, target: Run, by: By, cleaned: dict[str, Any]) -> Run:
        return approvals.refuse(target, by).run


class BreakGlassForm(DestructiveForm):
    """The run was written down already: what comes before it was decided then."""

    disturbing = False


class BreakGlass(Starting):
    """Lets the run begin without a second person."""

    name, label, tone = "break-glass", "Break the glass…", "danger"
    permission = glass.PERMISSION
    form = BreakGlassForm

    def preview(self, target: Run, request: HttpRequest) -> Preview:
        loud = "It begins at once, without a second person. An incident says so, with your name and your reason."
        return Preview((*super().preview(target, request).notes, loud))

    def perform(self, target: Run, by: By, cleaned: dict[str, Any]) -> Run:
        return approvals.break_glass(target, by).run


def _notes(approval: Approval) -> Sequence[str]:
    """What is decided on, in sentences."""
    run, until = approval.run, timezone.localtime(approval.expires_at)
    asked = f"{approval.requested_name} asked for “{run.title}”"
    steps = " → ".join(run.steps.values_list("title", flat=True))
    return (
        f"{asked}: {approval.reason}" if approval.reason else f"{asked} and gave no reason.",
        f"What it may cost: {approval.get_risk_display().lower()}.",
        f"It does this, in order: {steps}.",
        f"Nobody has to decide; at {until:%H:%M %Z} it ends by itself.",
    )
