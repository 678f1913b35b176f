"""The sentence a run ends with."""

from __future__ import annotations

from smsops.models import Run, Step, StepState


def success_headline(run: Run, steps: list[Step]) -> str:
    """The last headline a step gave, or a plain one, and what could not be tidied up."""
    said = [step.result["headline"] for step in steps if step.result.get("headline")]
    left = [f"But “{step.title}” failed: {step.error}" for step in steps if step.state == StepState.FAILED]
    return " ".join([str(said[-1]) if said else f"{run.title}: done.", *left])
