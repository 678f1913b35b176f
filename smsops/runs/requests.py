"""Runs that wait for a second person: which, and how the request is written down."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from smsops.models import Approval, Decision, Environment, Risk, Run, SecondPerson, Trigger, wants_second_person
from smsops.redact import redact
from smsops.runs import digests, glass

if TYPE_CHECKING:
    from smsops.runs.plan import By, Plan

LASTS = timedelta(hours=4)  # how long a request waits
PEOPLE = frozenset({Trigger.MANUAL, Trigger.COMMAND, Trigger.API})  # what smsops does by itself never waits


def needed(plan: Plan) -> bool:
    """Whether the environment wants a second person for this plan, when a person asks for it."""
    return wants_second_person(plan.environment.second_person, plan.risk)


def why(environment: Environment, risk: Risk) -> str:
    """Why what a person asks for, at that risk, would wait for a second one; empty where it would not."""
    if risk == Risk.ROUTINE or not wants_second_person(environment.second_person, risk):
        return ""
    rule = SecondPerson(environment.second_person).label
    cost = "data is lost" if risk == Risk.LOSING else "SMS is disturbed"
    return (
        "It does not begin at once: here a second person has to approve it first, because "
        f"{cost} (two persons at {environment.name}: {rule[0].lower()}{rule[1:]})."
    )


def decision_for(plan: Plan, by: By) -> Decision | None:
    """What becomes of the request: it waits, or the glass is broken; None where nobody need decide.

    Raises WrongUse where the glass is to be broken and may not be.
    """
    if by.trigger not in PEOPLE or not needed(plan):
        return None
    if not by.break_glass:
        return Decision.WAITING
    glass.refuse(plan.environment, by)
    return Decision.GLASS_BROKEN


def write(run: Run, plan: Plan, by: By, decision: Decision) -> Approval:
    """Write the request down, in the transaction of the run; a broken glass is told in it as well."""
    now = timezone.now()
    approval = Approval(
        run=run,
        risk=plan.risk,
        digest=digests.of_plan(plan),
        asked=plan.asked,
        requested_by=run.actor,
        requested_name=run.actor_name,
        requested_at=now,
        reason=redact(by.reason),
        expires_at=now + LASTS,
        decision=decision,
    )
    if decision == Decision.GLASS_BROKEN:
        approval.decided_by, approval.decided_name, approval.decided_at = run.actor, run.actor_name, now
        approval.note = approval.reason
    approval.save()
    if approval.broken:
        glass.tell(approval)
    return approval


def notice(run: Run) -> str:
    """What whoever asked for the run is told."""
    until = timezone.localtime(run.approval.expires_at)
    how = f"Another person approves it with: ops approve {run.pk}"
    return f"Run {run.pk} waits for a second person until {until:%H:%M}: {run.title}. {how}"
