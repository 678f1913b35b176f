"""Restores: what one would do, and to have it done."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from backups import selectors
from backups.services import moments, restores
from smsops.api.callers import the_caller
from smsops.api.problems import Problem, missing
from smsops.api.registry import needs
from smsops.api.runs import RunShape
from smsops.api.shapes import Name, Number
from smsops.api.starting import Destructive, PlanShape, confirm, shown, start
from smsops.models import Environment, Scope
from smsops.runs.plan import Plan

router = Router()
MAY = "smsops.restore_environment"
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$", description="Of a backup; “latest”: a good one.")]


class Aim(Schema):
    """Where the data goes back to: a backup, a moment, or just before a run. One of the three."""

    backup: Identifier | None = None
    at: AwareDatetime | None = None
    before_run: Number | None = None


class Restore(Destructive):
    """The same, and why."""

    backup: Identifier | None = None
    at: AwareDatetime | None = None
    before_run: Number | None = None


def _plan(environment: Environment, aim: Aim | Restore) -> Plan:
    if sum(each is not None for each in (aim.backup, aim.at, aim.before_run)) > 1:
        raise Problem(422, "Give one of “backup”, “at” and “before_run”.")
    if aim.at is not None:
        return moments.plan(environment, aim.at)
    if aim.before_run is not None:
        run = environment.runs.filter(pk=aim.before_run).first()
        if run is None:
            raise missing(f"run {aim.before_run} at {environment.name}")
        return moments.plan(environment, moments.before(run))
    return restores.plan(selectors.find(environment, aim.backup or "latest"))


@router.get("environments/{name}/restore", response=PlanShape, summary="What a restore would do, and lose",
            **needs(Scope.READ, MAY))  # fmt: skip
def restore_plan(request: HttpRequest, name: Name, aim: Query[Aim]) -> Any:
    caller = the_caller(request)
    return shown(_plan(caller.environment(name), aim))


@router.post("environments/{name}/restore", response={202: RunShape}, summary="Restore",
             **needs(Scope.RESTORE, MAY))  # fmt: skip
def restore(request: HttpRequest, name: Name, body: Restore) -> HttpResponse:
    caller = the_caller(request)
    environment = caller.environment(name)
    if body.backup is None and body.at is None and body.before_run is None:  # an empty variable of a script is no aim
        raise Problem(422, "Say where to: “backup”, “at” or “before_run”.")
    confirm(environment, body)
    return start(_plan(environment, body), body, caller)
