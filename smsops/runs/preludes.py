"""What another room puts before the own steps of a run that disturbs SMS, decided when the run begins.

It has position 0 and is no part of what was asked for: neither the shown plan nor its digest has it, so that what is
decided in between makes no request void. A person may leave it out, for a reason, by breaking the glass.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smsops import signals
from smsops.models import Environment, Run, Step
from smsops.redact import redact
from smsops.runs import glass, kinds

if TYPE_CHECKING:
    from smsops.runs.plan import By, Plan

log = logging.getLogger(__name__)

POSITION = 0
AT_ONCE = "at_once"  # the fact of a run that begins without it: why
Wanted = Callable[[Environment], Sequence[str]]


@dataclass(frozen=True)
class Prelude:
    """A step by its key, what it is called in a sentence, and when it is wanted: what it would do, in sentences."""

    key: str
    called: str
    wanted: Wanted


_PRELUDES: list[Prelude] = []


def add(prelude: Prelude) -> None:
    """Make it known. There is one place for one; a second is a mistake of the program."""
    if any(known.key != prelude.key for known in _PRELUDES):
        raise RuntimeError(f"there is a step before every run already: {_PRELUDES[0].key}")
    _PRELUDES[:] = [prelude]


def wanted(environment: Environment) -> list[str]:
    """What would come first at this environment now, in sentences; none where nothing would."""
    return [said for prelude in _PRELUDES for said in prelude.wanted(environment)]


def write(run: Run) -> None:
    """Put it before the run's own steps where it is wanted. Called again it changes nothing, and it keeps no run from
    beginning: what goes wrong here is logged."""
    if not run.disturbs or run.facts.get(AT_ONCE):
        return
    for prelude in _PRELUDES:
        try:
            if prelude.wanted(run.environment):
                kind = kinds.get(prelude.key)
                row = {"kind": kind.key, "title": kind.title, "phase": kind.phase, "undo_note": kind.undo_note}
                Step.objects.get_or_create(run=run, position=POSITION, defaults=row)
        except Exception:
            log.exception("run %s begins without %s", run.pk, prelude.called)


def left_out(plan: Plan, by: By) -> str:
    """Why it is left out, where somebody wants that and it would come first; WrongUse where that person may not."""
    if not by.at_once.strip() or not plan.disturbs or not wanted(plan.environment):
        return ""
    for prelude in _PRELUDES:
        glass.refuse(plan.environment, replace(by, reason=by.at_once), prelude.called)
    return redact(by.at_once.strip())


def tell(run: Run, why: str) -> None:
    """Tell the rooms above, in the transaction that writes the run down."""
    who = run.actor_name
    for prelude in _PRELUDES:
        said = f"{who} broke the glass: “{run.title}” (run {run.pk}) goes without {prelude.called}. {why}"
        signals.glass_broken.send(sender=Run, run=run, author=who, said=said)
