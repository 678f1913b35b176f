"""Plans of deploys and rollbacks made anew from what was asked for, when a second person decides."""

from __future__ import annotations

from typing import Any

from deployments.models import Release
from deployments.services import deploys, rollbacks
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.runs.plan import Plan


def deploy(environment: Environment, asked: dict[str, Any]) -> Plan:
    """What deploying that release would do now."""
    release = Release.objects.filter(environment=environment, pk=asked["release"]).first()
    if release is None:
        raise WrongUse("The release is not known any more.")
    return deploys.plan_deploy(release)


def roll_back(environment: Environment, asked: dict[str, Any]) -> Plan:
    """What going back would do now."""
    return rollbacks.plan(environment, asked["version"], asked["strategy"])


PLANNERS = {"deploy": deploy, "rollback": roll_back}
