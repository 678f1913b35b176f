"""Old releases' images: which may go, and why each of the others stays (runbook §8). Nothing else is ever touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployments import versions
from deployments.services.image_needs import Needs
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runtimes.base import Image
from smsops.runtimes.registry import runtime_for
from smsops.text import count_text

KEEP = 5
KIND = "archive"


@dataclass(frozen=True)
class Verdict:
    """One image under one of its names; `why` it stays, empty when it goes."""

    image: Image
    why: str

    @property
    def line(self) -> str:
        return f"{self.image.version} stays: {self.why}" if self.why else f"{self.image.version} goes."


def judge(environment: Environment, keep: int = KEEP, but: int | None = None) -> Sequence[Verdict]:
    """What is to become of every image of the environment, the newest release first. Changes nothing.

    `but` is the run that asks, which needs no image itself. OpsError when the engine or the database does not tell what
    must be known: then nothing may go.
    """
    if keep < 1:
        raise WrongUse("At least the newest release stays: keep 1 or more.")
    needs = Needs(environment, keep, but)
    images = sorted(runtime_for(environment).images(), key=_order, reverse=True)
    return [Verdict(image, needs.why(image)) for image in images]


def plan(environment: Environment, keep: int = KEEP) -> Plan:
    """What archiving would do. WrongUse when every image stays."""
    found = judge(environment, keep)
    going = [each.image for each in found if not each.why]
    if not going:
        stays = " ".join(each.line for each in found)
        raise WrongUse(f"There is nothing to archive at {environment.name}. {stays}".strip())
    return Plan(
        kind=KIND,
        title=f"Archive old releases of {environment.name}",
        environment=environment,
        steps=(PlannedStep("release.archive"),),
        params={"keep": keep, "going": [{"version": image.version, "image_id": image.id} for image in going]},
        notes=(
            f"{count_text(len(going), 'image goes', 'images go')} from the environment; SMS is not touched.",
            "A release that went can be built from its tag again, or loaded.",
            *(each.line for each in found),
        ),
    )


def start(environment: Environment, by: By, keep: int = KEEP) -> Run:
    """Queue it."""
    return submit(plan(environment, keep), by)


def _order(image: Image) -> tuple[str, str]:
    return versions.sort_key(image.version), image.version
