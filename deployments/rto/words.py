"""The recovery time objective in words and as plain values."""

from __future__ import annotations

import math
from typing import Any

from deployments.rto.scenarios import Span
from deployments.rto.table import Row
from smsops.models import Phase
from smsops.text import seconds_text

NOT_MEASURED = "runbook, not measured"


def span_text(span: Span | None) -> str:
    """`6 to 9 min`, `1 min`; a dash for nothing."""
    if not span or not any(span):
        return "—"
    low, high = span
    return f"{low:g} min" if low == high else f"{low:g} to {high:g} min"


def sentence(row: Row) -> str:
    """What is expected of this scenario, and whether that keeps the objective, in one line."""
    objective, known = f"RTO {row.rto_minutes} min", row.estimate
    if known is None:
        if row.scenario.minutes is None:
            return f"not measured here yet; {objective}"
        return f"expected {span_text(row.scenario.minutes)} ({NOT_MEASURED}); {objective}"
    if known.count == 1:
        return f"took {seconds_text(known.half)} the only time so far; {objective}: {row.verdict}"
    within = math.ceil(known.count * 0.9)
    return (
        f"expected {seconds_text(known.half)}, {within} of {known.count} within {seconds_text(known.most)}; "
        f"{objective}: {row.verdict}"
    )


def phase_text(row: Row, phase: str) -> str:
    """Half of the runs took at most so long for this phase; else what the runbook expects."""
    if row.phases is None:
        return span_text(row.scenario.expected.get(phase))
    return seconds_text(row.phases[phase])


def as_data(row: Row) -> dict[str, Any]:
    """A row as JSON; seconds, and the runbook's minutes apart from them."""
    known = row.estimate
    return {
        "scenario": row.scenario.key,
        "practice": row.scenario.practice,
        "p50_seconds": known.half if known else None,
        "p90_seconds": known.most if known else None,
        "n": known.count if known else 0,
        "phases_p50_seconds": row.phases or {},
        "last_seconds": row.last,
        "last_at": row.last_at,
        "rto_minutes": row.rto_minutes,
        "verdict": row.verdict or None,
        "runbook_minutes": row.scenario.minutes,
        "runbook_minutes_by_phase": dict(row.scenario.expected),
        "says": sentence(row),
    }


PHASES = tuple((str(phase.value), str(phase.label)) for phase in Phase)
