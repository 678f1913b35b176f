"""Checks on demand: the preconditions of a release, and the checklist of what runs."""

from __future__ import annotations

from deployments import selectors
from deployments.checks.base import Result, Target, run_all
from deployments.checks.checklist import CHECKLIST
from deployments.checks.preconditions import PRECONDITIONS
from deployments.models import Release
from smsops.models import Environment
from smsops.runtimes.registry import runtime_for


def target(environment: Environment, release: Release | None) -> Target:
    """What is known of a release at an environment."""
    if release is None:
        return Target(environment)
    return Target(
        environment, release.version, release.image_id, release.heads, tuple(release.revisions), release.notes
    )


def preconditions(release: Release) -> list[Result]:
    """Runbook §1 for a release, without changing anything."""
    return run_all(PRECONDITIONS, target(release.environment, release))


def checklist(environment: Environment) -> list[Result]:
    """Runbook §3 for whatever runs at the environment now."""
    running = runtime_for(environment).inspect(environment.instance)
    return run_all(CHECKLIST, target(environment, selectors.running_release(environment, running)))
