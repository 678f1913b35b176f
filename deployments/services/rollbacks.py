"""Going back to an earlier release: one question, three ways (runbook §4, D5-D8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backups.services import databases, restores
from backups.services.backups import BACKUP_STEPS
from deployments import selectors
from deployments.models import Release
from deployments.services import switches
from deployments.services.deploys import BEFORE, params_of, refuse
from deployments.services.ways_back import WaysBack
from deployments.steps import schema
from deployments.strategies.choice import AUTO, Strategy, WayBack, choose
from smsops.errors import WrongUse
from smsops.models import Environment, Risk, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.registry import runtime_for
from smsops.switch import traffic, warm

TRYING = ("schema.try_copy", "schema.try")
SCHEMA = (
    "switch.create", "switch.stop", "log.rest",
    "schema.copy", "schema.downgrade", "schema.stage",
    "restore.settle", "restore.keep_old", "restore.swap",
    "switch.aside", "switch.commit", "switch.start", "switch.gate", "log.resume", "schema.compare",
)  # fmt: skip
SETTLE = ("switch.steady", "restore.archive", "switch.retire", "schema.end")


def target(environment: Environment, version: str = "") -> Release:
    """The release to go back to; without a version, the one that ran before the present one. WrongUse without one."""
    if version:
        return selectors.find(environment, version)
    running = runtime_for(environment).inspect(environment.instance)
    release = selectors.previous_release(environment, running)
    if release is None:
        said = (
            f"smsops knows of no release that ran at {environment.name} before this one; say which one to go back to."
        )
        raise WrongUse(said)
    return release


def ways(environment: Environment, version: str = "") -> Sequence[WayBack]:
    """Every way back to that release, the gentlest first, with its price."""
    return WaysBack(environment, target(environment, version)).all()


def plan(environment: Environment, version: str = "", strategy: str = AUTO) -> Plan:
    """What going back would do. Raises WrongUse when the way that is wanted, or every way, is closed."""
    release = target(environment, version)
    known = WaysBack(environment, release)
    refuse(release, known.running)
    way = choose(known.all(), strategy, release.version)
    made = {Strategy.CODE: _code, Strategy.SCHEMA: _schema, Strategy.RESTORE: _restore}[way.strategy](known)
    takes = (f"It takes {way.takes}.",) if way.takes else ()
    lost = list(way.costs) if way.strategy == Strategy.SCHEMA else []  # what a restore loses grows by the minute
    return replace(
        made,
        kind="rollback",
        title=f"Roll back {environment.name} to {release.version}",
        params=made.params | params_of(release, known.running) | {"strategy": way.strategy.value, "lost": lost},
        notes=(f"{way.title}: {way.why}", *way.costs, *made.notes, *takes),
        risk=Risk.LOSING if way.costs else made.risk,
        asked={"version": version, "strategy": strategy},
    )


def start(environment: Environment, by: By, version: str = "", strategy: str = AUTO) -> Run:
    """Queue it."""
    return submit(plan(environment, version, strategy), by)


def _plan(known: WaysBack, steps: Sequence[PlannedStep], notes: tuple[str, ...], **params: object) -> Plan:
    return Plan("rollback", "", known.environment, tuple(steps), params=dict(params), disturbs=True, notes=notes)


def _code(known: WaysBack) -> Plan:
    kept = next((each for each in known.warm if each.image_id == known.release.image_id), None)
    if kept is not None:
        note = f"{known.release.version} still runs: it answers at once, and nobody is refused."
        return _plan(known, _warm(known.environment), (f"The data stays as it is. {note}",), warm=kept.name)
    switch = switches.switch(known.release, known.running)
    return _plan(known, (*BEFORE, *switch.steps), (f"The data stays as it is. {switch.note}",))


def _warm(environment: Environment) -> tuple[PlannedStep, ...]:
    """Requests first: whoever is woken at night has no time for anything else."""
    checks = [step.kind for step in validation_steps(environment)]
    kinds = [warm.LEAD, warm.EXCHANGE, *checks, "switch.steady", warm.COOL, "switch.retire"]
    return tuple(PlannedStep(kind) for kind in kinds)


def _schema(known: WaysBack) -> Plan:
    assert known.newer is not None
    checks = [step.kind for step in validation_steps(known.environment)]
    trying = [*TRYING, *databases.trial_end(known.environment)]
    kinds = traffic.around(known.environment, [*trying, *SCHEMA, *checks, *SETTLE], known.running)
    steps = (*BEFORE, *BACKUP_STEPS, *(PlannedStep(kind) for kind in kinds))
    notes = (
        "The way back is tried on a copy while SMS runs. Then SMS is away for a stop, a copy and a start.",
        "The present database is kept and stored as a backup of its own; if anything fails, it comes back.",
    )
    params = schema.params_of(known.path) | {"newer_image_id": known.newer.image_id, "backup_reason": "rollback"}
    return _plan(known, steps, notes, **params)


def _restore(known: WaysBack) -> Plan:
    assert known.backup is not None
    made = restores.plan(known.backup, image_id=known.release.image_id)
    aim = [name for name in known.backup.schema_revision.split(",") if name]
    return replace(made, steps=(*BEFORE, *made.steps), params=made.params | {"aim": aim}, notes=made.notes[1:])
