"""The write-ahead journal: `intent` is committed before a side effect, `done` after it.

Every write checks the lease in its own transaction, so a worker that was overtaken cannot write any more.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from smsops import signals
from smsops.environments.secrets import known_secrets
from smsops.models import RUN_TABLE, Entry, JournalEntry, Run, Step
from smsops.redact import redact, redact_data
from smsops.runs.leases import Held
from smsops.states import advance

MAX_OUTPUT = 64 * 1024
MAX_PROGRESS = 200  # characters its column holds
SHOWN = frozenset({"output", "error", "headline", "cause", "progress", "result", "detail"})


def write(held: Held, run: Run, entry: str, step: Step | None = None, detail: str = "", **changes: Any) -> None:
    """Add a line and, with it, change the step's row; raises LeaseLost when another worker has taken over.

    A `result` among the changes becomes a fact of the run as well.
    """
    cleaned = _clean(run, {**changes, "detail": detail})
    detail = cleaned.pop("detail")
    with transaction.atomic():
        held.check()
        if step is not None and "result" in cleaned:
            run.facts = {**run.facts, step.kind: cleaned["result"]}
            Run.objects.filter(pk=run.pk).update(facts=run.facts)
        if step is not None and cleaned:
            for name, value in cleaned.items():
                setattr(step, name, value)
            step.token = held.token
            step.save(update_fields=[*cleaned, "token"])
        JournalEntry.objects.create(
            run=run, step=step, entry=entry, token=held.token, holder=held.holder, detail=detail
        )
    signals.boundary.send(sender=Run, run=run, step=step, where=entry)


def note(held: Held, step: Step, **changes: Any) -> None:
    """Change a step's row without a line in the journal: progress and memory of a step that goes on."""
    with transaction.atomic():
        held.check()
        for name, value in _clean(step.run, changes).items():
            setattr(step, name, value)
        step.save(update_fields=list(changes))


def move(held: Held, run: Run, to: str, detail: str = "", **values: Any) -> None:
    """Change the run's state by the table, with a line in the journal."""
    cleaned = _clean(run, {**values, "detail": detail or to})
    detail = cleaned.pop("detail")
    with transaction.atomic():
        held.check()
        if not advance(run, RUN_TABLE, to, **cleaned):
            raise RuntimeError(f"run {run.pk} changed under its own lease")
        JournalEntry.objects.create(run=run, entry=Entry.STATE, token=held.token, holder=held.holder, detail=detail)
        signals.run_moved.send(sender=Run, run=run)
    signals.boundary.send(sender=Run, run=run, step=None, where=to)


def _clean(run: Run, changes: dict[str, Any]) -> dict[str, Any]:
    """Redact what will be shown: texts and results, not the memory a step works from."""
    shown = {name: value for name, value in changes.items() if value and name in SHOWN}
    secrets = known_secrets(run.environment) if shown else []
    return changes | {name: _cleaned(name, value, secrets) for name, value in shown.items()}


def _cleaned(name: str, value: Any, secrets: list[str]) -> Any:
    if name == "result":
        return redact_data(value, secrets)
    text = redact(str(value), secrets)
    return text[:MAX_PROGRESS] if name == "progress" else text[-MAX_OUTPUT:]
