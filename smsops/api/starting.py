"""Runs that the API begins: planned, shown, and submitted as the admin does it, with the same rules."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Schema
from pydantic import Field

from smsops.api.callers import Caller
from smsops.api.problems import Problem
from smsops.api.runs import accepted
from smsops.api.shapes import Reason, Taken
from smsops.models import Environment
from smsops.redact import redact_data
from smsops.runs import digests, requests
from smsops.runs.plan import Plan, active_exclusive, busy, submit

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="The digest of the plan that was read before.")]


class Start(Taken):
    """What every run that is begun may be given."""

    reason: Reason = ""
    plan: Digest | None = None
    break_glass: Annotated[bool, Field(description="Without the second person; needs the scope “glass”.")] = False


class Disturbing(Start):
    """Of runs that disturb SMS."""

    at_once: Annotated[
        str,
        Field(max_length=500, description="While an incident is live: why not to take its evidence first; “glass”."),
    ] = ""


class Destructive(Disturbing):
    """Of runs that lose something: the reason and the environment's name are required, as in the admin."""

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S", description="Why.")]
    confirm: Annotated[str, Field(max_length=100, description="The environment's name, typed.")]


class PlanStep(Schema):
    step: str
    title: str
    undo: str


class PlanShape(Schema):
    """What a run would do. Nothing is done; a POST with this `digest` as its `plan` does exactly this or is refused."""

    kind: str
    title: str
    notes: list[str]
    risk: str
    disturbs: bool
    waits_for_a_second_person: bool
    obstacle: str
    digest: str
    steps: list[PlanStep]


def shown(plan: Plan) -> Any:
    """A plan as it is told."""
    other = active_exclusive(plan.environment) if plan.exclusive else None
    told = {
        "kind": plan.kind,
        "title": plan.title,
        "notes": list(plan.notes),
        "risk": plan.risk.label,
        "disturbs": plan.disturbs,
        "waits_for_a_second_person": requests.needed(plan),
        "obstacle": busy(other) if other else "",
        "digest": digests.of_plan(plan),
        "steps": [{"step": step.kind, "title": step.title, "undo": step.undo_note} for step in plan.steps],
    }
    return redact_data(told)


def confirm(environment: Environment, body: Destructive) -> None:
    """Problem 422 where another name was typed."""
    if body.confirm.strip() != environment.name:
        raise Problem(422, f"“confirm” is not “{environment.name}”; nothing was begun.")


def start(plan: Plan, body: Start, caller: Caller) -> HttpResponse:
    """Begin it, if it still is what was read; answer with the run, which may wait for a second person."""
    if body.plan is not None and body.plan != digests.of_plan(plan):
        raise Problem(409, "The plan is not any more what you read; read it again.")
    at_once = getattr(body, "at_once", "")
    by = caller.by(body.reason, break_glass=body.break_glass, at_once=at_once)
    return accepted(submit(plan, by))
