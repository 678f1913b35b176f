"""The clock as plain values, for programs."""

from __future__ import annotations

from typing import Any

from incidents.clock import taken, words
from incidents.clock.reading import Clock
from incidents.clock.ways import Way


def as_data(clock: Clock) -> dict[str, Any]:
    """All of it as JSON."""
    row = clock.reckoning
    return {
        "incident": clock.incident.pk,
        "state": clock.state,
        "began_at": clock.incident.began,
        "began_known": clock.incident.began_at is not None,
        "rto_minutes": clock.incident.environment.rto_minutes,
        "rto_ends_at": clock.deadline,
        "seconds_left": round(clock.left, 1),
        "reckoned_at": clock.now,
        "looked_up_at": row.looked_at if row is not None else None,
        "recommended": clock.choice.way.kind.key if clock.choice.way is not None else None,
        "fits": clock.choice.fits,
        "reason": clock.choice.reason,
        "serves_since": clock.comeback.since if clock.comeback is not None else None,
        "ways": [way_data(clock, way) for way in clock.ways],
        "taken": [taken.as_data(each) for each in clock.taken],
    }


def way_data(clock: Clock, way: Way) -> dict[str, Any]:
    """One of them."""
    return {
        "way": way.kind.key, "open": way.open, "why": way.found.get("why", ""), "problem": words.problem(way),
        "fits": way.fits, "fits_until": way.fits_until, "doubt": way.doubt,
        "costs": words.price(way) if way.open else [],
        "p50_seconds": way.expected.half if way.expected.count else None,
        "p90_seconds": way.expected.most if way.expected.count else None,
        "n": way.expected.count, "expected": way.expected.text,
        "command": way.kind.response.typed(clock.incident, way.found),
    }  # fmt: skip
