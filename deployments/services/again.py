"""Plans of deploys, rollbacks and rotations made anew from what was asked for, when a second person decides."""

from __future__ import annotations

from typing import Any

from deployments.models import Release
from deployments.services import deploys, key_changes, rebuilds, restarts, rollbacks, rotations, upgrades
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.runs.plan import Plan


def deploy(environment: Environment, asked: dict[str, Any]) -> Plan:
    """What deploying that release would do now."""
    release = Release.objects.filter(environment=environment, pk=asked["release"]).first()
    if release is None:
        raise WrongUse("The release is not known any more.")
    return deploys.plan_deploy(release, asked.get("acknowledged", ()))


def roll_back(environment: Environment, asked: dict[str, Any]) -> Plan:
    """What going back would do now."""
    return rollbacks.plan(environment, asked["version"], asked["strategy"])


def rotate(environment: Environment, _: dict[str, Any]) -> Plan:
    """What rotating the key would do now."""
    return rotations.plan(environment)


PLANNERS = {
    "deploy": deploy,
    "rollback": roll_back,
    key_changes.KIND: rotate,
    restarts.RESTART: lambda environment, _: restarts.plan_restart(environment),
    restarts.RECREATE: lambda environment, _: restarts.plan_recreate(environment),
    restarts.MEMORY: lambda environment, asked: restarts.plan_memory(environment, asked["memory_mb"]),
    restarts.KEY_BACK: lambda environment, _: restarts.plan_key_back(environment),
    rebuilds.KIND: lambda environment, _: rebuilds.plan(environment),
    upgrades.KIND: lambda environment, _: upgrades.plan(environment),
}
