"""Looks after edges between switches: what was kept warm for long enough is stopped, and an edge that lost its way, as
after a restart without its configuration, is told it again. Both as runs, so that they are in the record."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from smsops.edge.registry import edge_for
from smsops.models import GOOD, Environment, Run, Trigger
from smsops.runs.plan import By, Plan, PlannedStep, active_exclusive, submit
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import looking_at
from smsops.switch import names, traffic, warm

REPAIR, COOLING = "edge_repair", "cool_down"
AGAIN = timedelta(minutes=1)  # after a repair that failed
BY = By(trigger=Trigger.SYSTEM, name="smsops")


def tend(environment: Environment) -> Run | None:
    """Look once, and queue what is needed; None when nothing is, or while a run is under way there."""
    edge, runtime = edge_for(environment), looking_at(environment)
    if edge is None or active_exclusive(environment) is not None:
        return None
    here = runtime.inspect(environment.instance)
    behind = here is not None and here.port not in (0, environment.host_port)
    if (
        here is not None
        and behind
        and (edge.pointed() != here.port or edge.holding())
        and not _just_failed(environment)
    ):
        said = f"The edge is told again where {environment.name} is."
        return _submit(environment, REPAIR, "Lead requests to SMS again", traffic.POINT, said)
    if any(cold(environment, each) for each in warm.warm(environment, runtime)):
        said = f"It was warm for {environment.warm_minutes} min; from now on going back takes a start."
        return _submit(environment, COOLING, "Stop the release that was kept warm", warm.COOL, said)
    return None


def cold(environment: Environment, instance: Instance) -> bool:
    """Whether an instance was kept warm for as long as the environment wants."""
    number = int(instance.name.removeprefix(names.prefix_of_previous(environment)))
    ended = Run.objects.filter(pk=number).values_list("finished_at", flat=True).first()
    return ended is None or timezone.now() - ended >= timedelta(minutes=environment.warm_minutes)


def _just_failed(environment: Environment) -> bool:
    last = Run.objects.filter(environment=environment, kind=REPAIR).first()
    return last is not None and last.state not in GOOD and timezone.now() - last.created_at < AGAIN


def _submit(environment: Environment, kind: str, title: str, step: str, note: str) -> Run:
    return submit(Plan(kind, f"{title} at {environment.name}", environment, (PlannedStep(step),), notes=(note,)), BY)
