"""Names of instances during a switch; the run's number keeps them apart and tells whose they are."""

from __future__ import annotations

from smsops.models import Environment
from smsops.runs.context import Context


def canonical(ctx: Context) -> str:
    """The name under which SMS runs."""
    return ctx.environment.instance


def candidate(ctx: Context) -> str:
    """The new instance before it gets the name."""
    return f"{ctx.environment.instance}-next-r{ctx.run.pk}"


def previous(ctx: Context) -> str:
    """The old instance after it gave up the name; kept stopped, ready to come back."""
    return f"{prefix_of_previous(ctx.environment)}{ctx.run.pk}"


def prefix_of_previous(environment: Environment) -> str:
    """How the names of all instances begin that gave the name up."""
    return f"{environment.instance}-before-r"
