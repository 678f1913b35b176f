"""How one release takes over from another on the same data: stopped and started, or side by side behind an edge."""

from __future__ import annotations

from dataclasses import dataclass

from backups.services import databases
from deployments.models import Release
from deployments.services import rehearsals
from smsops.models import GOOD, EdgeKind, Environment, Run
from smsops.runs.plan import PlannedStep
from smsops.runs.validation import validation_steps
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for
from smsops.switch import traffic

STOPPING = (
    "switch.create", "switch.stop", "log.rest", "data.hold", "switch.aside", "switch.commit",
    "switch.start", "switch.gate", "log.resume",
)  # fmt: skip
SETTLING = ("data.compare", "switch.steady", "data.release", "switch.retire")
BESIDE = ("switch.create", "switch.start_beside", "switch.gate_beside")
TAKING_OVER = (traffic.POINT, "switch.aside", "switch.commit", "switch.steady", "switch.retire")


@dataclass(frozen=True)
class Switch:
    """The steps of a switch, and what it means for SMS's users, in a sentence."""

    steps: tuple[PlannedStep, ...]
    note: str


def switch(release: Release, running: Instance | None) -> Switch:
    """From what is `running` to `release`."""
    environment = release.environment
    checks = [step.kind for step in validation_steps(environment)]
    if running is not None and beside(release, running):
        kinds = [*BESIDE, *checks, *TAKING_OVER]
        note = (
            "It is started beside the present one and takes over when it is well: nobody is refused. The present one "
            f"stays warm for {environment.warm_minutes} min."
        )
    else:
        kinds = traffic.around(environment, [*STOPPING, *checks, *SETTLING], running)
        note = _away(environment, running)
    return Switch(tuple(PlannedStep(kind) for kind in kinds), note)


def beside(release: Release, running: Instance) -> bool:
    """Whether both may run on the same data for a while: nothing is migrated, and the release is known to leave the
    rows alone, from a rehearsal or because it ran here before."""
    environment = release.environment
    if environment.edge == EdgeKind.NONE or not running.up or not traffic.behind(environment, running):
        return False
    database = databases.of(environment, runtime_for(environment))
    at = set(database.revision().split(",")) if database.exists() else set()
    return bool(release.heads) and at == set(release.heads.split(",")) and proven(release)


def proven(release: Release) -> bool:
    """Whether exactly this image was rehearsed, or ran here and stayed."""
    ran = Run.objects.filter(environment=release.environment, kind__in=("deploy", "rollback"), state__in=GOOD)
    return rehearsals.verdict(release)[0] or ran.filter(params__image_id=release.image_id).exists()


def _away(environment: Environment, running: Instance | None) -> str:
    if running is None:
        return "Nothing runs there yet."
    if environment.edge == EdgeKind.NONE:
        return "SMS is away for a stop and a start."
    if not traffic.behind(environment, running):
        return "SMS is away for a stop and a start, this once; from then on it is behind the edge."
    return "Requests wait for a stop and a start; none is refused."
