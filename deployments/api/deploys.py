"""Rehearsals, deploys and ways back: what each would do, and to have it done."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from deployments import selectors
from deployments.api.releases import Version
from deployments.models import Release
from deployments.services import deploys, rehearsals, rollbacks
from deployments.strategies.choice import AUTO, Strategy
from smsops.api.callers import the_caller
from smsops.api.registry import needs
from smsops.api.runs import RunShape
from smsops.api.shapes import Name
from smsops.api.starting import Destructive, Disturbing, PlanShape, Start, confirm, shown, start
from smsops.models import Scope

router = Router()
DEPLOY, ROLL_BACK = "smsops.deploy_environment", "smsops.rollback_environment"
Way = Annotated[str, Field(pattern=f"^({'|'.join([AUTO, *Strategy])})$", description="What goes back.")]
Versions = Annotated[list[Version], Field(max_length=100, description="Breaking releases on the way that were read.")]


class OneRelease(Schema):
    """Which one."""

    version: Version


class DeployAim(OneRelease):
    """Which one, and which breaking changes on the way somebody has read."""

    acknowledged: Versions = []


class BackAim(Schema):
    """Which one to go back to, by default the one that ran before, and how."""

    version: Version | None = None
    strategy: Way = AUTO


class Rehearse(Start):
    version: Version


class Deploy(Disturbing):
    version: Version
    acknowledged: Versions = []


class RollBack(Destructive):
    version: Version | None = None
    strategy: Way = AUTO


def _release(request: HttpRequest, name: str, version: str) -> Release:
    return selectors.find(the_caller(request).environment(name), version)


@router.get("environments/{name}/rehearsal", response=PlanShape, summary="What a rehearsal would do",
            **needs(Scope.READ, DEPLOY))  # fmt: skip
def rehearsal_plan(request: HttpRequest, name: Name, aim: Query[OneRelease]) -> Any:
    return shown(rehearsals.plan(_release(request, name, aim.version)))


@router.post("environments/{name}/rehearsal", response={202: RunShape}, summary="Rehearse a release on a copy",
             **needs(Scope.DEPLOY, DEPLOY))  # fmt: skip
def rehearse(request: HttpRequest, name: Name, body: Rehearse) -> HttpResponse:
    return start(rehearsals.plan(_release(request, name, body.version)), body, the_caller(request))


@router.get("environments/{name}/deploy", response=PlanShape, summary="What a deploy would do",
            **needs(Scope.READ, DEPLOY))  # fmt: skip
def deploy_plan(request: HttpRequest, name: Name, aim: Query[DeployAim]) -> Any:
    return shown(deploys.plan_deploy(_release(request, name, aim.version), aim.acknowledged))


@router.post("environments/{name}/deploy", response={202: RunShape}, summary="Deploy a release",
             **needs(Scope.DEPLOY, DEPLOY))  # fmt: skip
def deploy(request: HttpRequest, name: Name, body: Deploy) -> HttpResponse:
    plan = deploys.acknowledged_plan(_release(request, name, body.version), body.acknowledged)
    return start(plan, body, the_caller(request))


@router.get("environments/{name}/rollback", response=PlanShape, summary="What going back would do, and lose",
            **needs(Scope.READ, ROLL_BACK))  # fmt: skip
def rollback_plan(request: HttpRequest, name: Name, aim: Query[BackAim]) -> Any:
    return shown(rollbacks.plan(the_caller(request).environment(name), aim.version or "", aim.strategy))


@router.post("environments/{name}/rollback", response={202: RunShape}, summary="Go back to an earlier release",
             **needs(Scope.ROLLBACK, ROLL_BACK))  # fmt: skip
def roll_back(request: HttpRequest, name: Name, body: RollBack) -> HttpResponse:
    environment = the_caller(request).environment(name)
    confirm(environment, body)
    return start(rollbacks.plan(environment, body.version or "", body.strategy), body, the_caller(request))
