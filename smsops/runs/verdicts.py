"""The sentence a run ends with."""

from __future__ import annotations

from smsops.models import Run, Step


def success_headline(run: Run, steps: list[Step]) -> str:
    """The last headline a step gave, or a plain one."""
    said = [step.result["headline"] for step in steps if step.result.get("headline")]
    return str(said[-1]) if said else f"{run.title}: done."
