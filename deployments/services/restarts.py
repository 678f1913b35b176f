"""Starting SMS again: as it is, anew from its env file, with more memory, or with the key it had (runbook §5.3)."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.models import ConfigSnapshot
from deployments.services import config, key_changes
from smsops import zones
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for
from smsops.switch import traffic

RESTART, RECREATE, MEMORY, KEY_BACK = "restart", "recreate", "more_memory", key_changes.BACK
MADE_ANEW = ("switch.create", "switch.stop", "switch.aside", "switch.commit", "switch.start", "switch.gate")
KEY_FIRST = ("switch.stop", "key.put_back", "switch.create", "switch.aside", "switch.commit", "switch.start",
             "switch.gate")  # fmt: skip
SETTLE = ("switch.steady", "rotation.record", "switch.retire")
MOST_MB = 1_048_576


def plan_restart(environment: Environment) -> Plan:
    """What stopping and starting the same instance would do. WrongUse where there is none."""
    checks = [step.kind for step in validation_steps(environment)]
    notes = (
        "SMS is stopped and started: its connections, its locks and whatever it had in memory are gone.",
        "It stays the same instance with the same settings; what was changed in the env file is not read.",
        "If it does not come up, nothing is lost by it: it is as it was, and the way on is another one.",
    )
    kinds = ["restart.again", "switch.gate", *checks, "switch.steady"]
    return _plan(environment, RESTART, f"Restart {environment.name}", kinds, notes)


def plan_recreate(environment: Environment) -> Plan:
    """What making the instance anew from the same image would do: the env file is read again."""
    notes = ("SMS is made anew from the same image: it gets what is in the env file now.", *_late(environment), AWAY)
    return _anew(environment, RECREATE, f"Make {environment.name} anew", MADE_ANEW, notes)


def plan_memory(environment: Environment, memory_mb: int) -> Plan:
    """What giving SMS another memory limit would do. WrongUse when it is not more than now."""
    now = environment.memory_limit_mb
    if not now < memory_mb <= MOST_MB:
        raise WrongUse(f"SMS has {now} MB at {environment.name}; give a larger number, up to {MOST_MB}.")
    notes = (f"SMS may use {memory_mb} MB from now on, not {now}; the environment says so as well.", AWAY)
    kinds = ("memory.write", *MADE_ANEW)
    return _anew(environment, MEMORY, f"Give {environment.name} {memory_mb} MB", kinds, notes, memory_mb=memory_mb)


def plan_key_back(environment: Environment) -> Plan:
    """What putting back the SECRET_KEY that was known would do. WrongUse when it is there, or is not known."""
    snapshot = known_key(environment)
    notes = (
        f"The SECRET_KEY of config snapshot {snapshot.pk} ({zones.kept(snapshot.taken_at)}) goes into "
        f"{environment.env_file}; nothing else in it changes.",
        "Sessions from before the key was changed are good again; those begun since then end.",
        AWAY,
    )
    title = f"Put the SECRET_KEY of {environment.name} back"
    return _anew(environment, KEY_BACK, title, ("config.snapshot", *KEY_FIRST), notes, snapshot=snapshot.pk)


AWAY = "SMS is away for a stop and a start. If it does not come up well, what was before comes back."


def known_key(environment: Environment) -> ConfigSnapshot:
    """The newest config snapshot with the key that is meant. WrongUse when there is none, or it is there already."""
    keys = key_changes.look(environment, runtime_for(environment))
    if not keys.known:
        raise WrongUse(f"Which SECRET_KEY {environment.name} had is not known: no configuration was written down.")
    if keys.known == keys.file and keys.running in ("", keys.file):
        raise WrongUse(f"SECRET_KEY is the one of {keys.known_from}; there is nothing to put back.")
    for found in ConfigSnapshot.objects.filter(environment=environment):
        if found.variables.get(key_changes.NAME) == keys.known and found.env_content:
            return found
    raise WrongUse("The SECRET_KEY that was known is in no config snapshot that can be opened.")


def restart(environment: Environment, by: By) -> Run:
    """Queue the restart."""
    return submit(plan_restart(environment), by)


def recreate(environment: Environment, by: By) -> Run:
    """Queue making it anew."""
    return submit(plan_recreate(environment), by)


def give_memory(environment: Environment, memory_mb: int, by: By) -> Run:
    """Queue making it anew with another limit."""
    return submit(plan_memory(environment, memory_mb), by)


def put_key_back(environment: Environment, by: By) -> Run:
    """Queue putting the key back."""
    return submit(plan_key_back(environment), by)


def _anew(
    environment: Environment, kind: str, title: str, kinds: Sequence[str], notes: Sequence[str], **params: object
) -> Plan:
    running = installed(environment)
    checks = [step.kind for step in validation_steps(environment)]
    found = traffic.around(environment, [*kinds, *checks, *SETTLE], running)
    return _plan(environment, kind, title, found, notes, **params)


def _plan(
    environment: Environment, kind: str, title: str, kinds: Sequence[str], notes: Sequence[str], **params: object
) -> Plan:
    running = installed(environment)
    known = {"image_id": running.image_id, "version": running.version,
             "old_image_id": running.image_id, "old_version": running.version}  # fmt: skip
    steps = tuple(PlannedStep(each) for each in kinds)
    asked = {name: params[name] for name in ("memory_mb",) if name in params}
    return Plan(
        kind, title, environment, steps, params={**known, **params}, disturbs=True, notes=tuple(notes), asked=asked
    )


def installed(environment: Environment) -> Instance:
    """The instance under SMS's name; WrongUse where there is none."""
    found = runtime_for(environment).inspect(environment.instance)
    if found is None:
        raise WrongUse(f"No SMS is installed at {environment.name}.", fix="Deploy a release.")
    return found


def _late(environment: Environment) -> list[str]:
    late = config.unapplied(config.look(environment, runtime_for(environment)))
    return [f"Changed in the env file since it was made: {', '.join(late[:20])}."] if late else []
