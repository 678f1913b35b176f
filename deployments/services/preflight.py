"""Checks on demand: the preconditions of a release, and the checklist of what runs."""

from __future__ import annotations

from collections.abc import Sequence

from deployments import selectors
from deployments.checks import registry
from deployments.checks.base import CHECKLIST, PRECONDITIONS, Result, Target, run_all
from deployments.models import CheckResult, Release
from deployments.services import check_results
from smsops.models import Environment
from smsops.runtimes.registry import runtime_for


def target(environment: Environment, release: Release | None) -> Target:
    """What is known of a release at an environment."""
    if release is None:
        return Target(environment)
    return Target(
        environment, release.version, release.image_id, release.heads, tuple(release.revisions), release.notes
    )


def preconditions(release: Release, only: Sequence[str] = ()) -> list[Result]:
    """Runbook §1 for a release, without changing anything. WrongUse for a key of `only` that is none of them."""
    return run_all(registry.of_stage(PRECONDITIONS, only), target(release.environment, release))


def checklist(environment: Environment, only: Sequence[str] = ()) -> list[Result]:
    """Runbook §3 for whatever runs at the environment now. WrongUse for a key of `only` that is none of them."""
    checks = registry.of_stage(CHECKLIST, only)
    return run_all(checks, target(environment, _running(environment)))


def ask_preconditions(release: Release, only: Sequence[str] = ()) -> list[CheckResult]:
    """The same, written down."""
    found = preconditions(release, only)
    return check_results.keep(found, PRECONDITIONS, release.environment, release)


def ask_checklist(environment: Environment, only: Sequence[str] = ()) -> list[CheckResult]:
    """The same, written down."""
    found = checklist(environment, only)
    return check_results.keep(found, CHECKLIST, environment, _running(environment))


def _running(environment: Environment) -> Release | None:
    return selectors.running_release(environment, runtime_for(environment).inspect(environment.instance))
