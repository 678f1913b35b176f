"""The write-ahead journal: `intent` is committed before a side effect, `done` after it.

Every write checks the lease in its own transaction, so a worker that was overtaken cannot write any more.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from smsops import signals
from smsops.models import RUN_TABLE, Entry, JournalEntry, Run, Step
from smsops.redact import redact, redact_data
from smsops.runs.leases import Held
from smsops.states import advance

MAX_OUTPUT = 64 * 1024
MAX_PROGRESS = 200  # characters its column holds


def write(held: Held, run: Run, entry: str, step: Step | None = None, detail: str = "", **changes: Any) -> None:
    """Add a line and, with it, change the step's row; raises LeaseLost when another worker has taken over.

    A `result` among the changes becomes a fact of the run as well.
    """
    with transaction.atomic():
        held.check()
        if step is not None and "result" in changes:
            run.facts = {**run.facts, step.kind: _plain(redact_data(changes["result"]))}
            Run.objects.filter(pk=run.pk).update(facts=run.facts)
        if step is not None and changes:
            for name, value in _clean(changes).items():
                setattr(step, name, value)
            step.token = held.token
            step.save(update_fields=[*changes, "token"])
        JournalEntry.objects.create(
            run=run, step=step, entry=entry, token=held.token, holder=held.holder, detail=_plain(redact(detail))
        )
    signals.boundary.send(sender=Run, run=run, step=step, where=entry)


def note(held: Held, step: Step, **changes: Any) -> None:
    """Change a step's row without a line in the journal: progress and memory of a step that goes on."""
    with transaction.atomic():
        held.check()
        for name, value in _clean(changes).items():
            setattr(step, name, value)
        step.save(update_fields=list(changes))


def move(held: Held, run: Run, to: str, detail: str = "", **values: Any) -> None:
    """Change the run's state by the table, with a line in the journal."""
    with transaction.atomic():
        held.check()
        if not advance(run, RUN_TABLE, to, **_clean(values)):
            raise RuntimeError(f"run {run.pk} changed under its own lease")
        JournalEntry.objects.create(
            run=run, entry=Entry.STATE, token=held.token, holder=held.holder, detail=_plain(redact(detail or to))
        )
    signals.boundary.send(sender=Run, run=run, step=None, where=to)


def _clean(changes: dict[str, Any]) -> dict[str, Any]:
    """Redact what will be shown: texts and results, not the memory a step works from."""
    cleaned: dict[str, Any] = {}
    for name, value in changes.items():
        if name in ("output", "error", "headline", "cause"):
            cleaned[name] = _plain(redact(str(value))[-MAX_OUTPUT:])
        elif name == "progress":
            cleaned[name] = _plain(redact(str(value))[:MAX_PROGRESS])
        elif name == "result":
            cleaned[name] = _plain(redact_data(value))
        else:
            cleaned[name] = value
    return cleaned


def _plain(value: Any) -> Any:
    """Without NULs, which PostgreSQL refuses in text and JSON and a program's output may well hold."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
