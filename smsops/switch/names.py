"""Names of instances during a switch; the run's number keeps them apart and tells whose they are."""

from __future__ import annotations

from smsops.runs.context import Context


def canonical(ctx: Context) -> str:
    """The name under which SMS runs."""
    return ctx.environment.instance


def candidate(ctx: Context) -> str:
    """The new instance before it gets the name."""
    return f"{ctx.environment.instance}-next-r{ctx.run.pk}"


def previous(ctx: Context) -> str:
    """The old instance after it gave up the name; kept stopped, ready to come back."""
    return f"{ctx.environment.instance}-before-r{ctx.run.pk}"
