"""What webhooks may be told of. Rooms add their own."""

from __future__ import annotations

from collections.abc import Mapping

TEST = "test"
EVENTS: dict[str, str] = {
    "run.waiting": "A run waits for a second person",
    "run.started": "A run has begun",
    "run.undoing": "A run failed or was cancelled, and undoes what it did",
    "run.ended": "A run has its verdict",
    "run.needs_human": "A run could not be undone and needs a person",
    "environment.created": "An environment was added",
    "environment.changed": "An environment was changed",
}


def add(events: Mapping[str, str]) -> None:
    """Make events known, each with what happened."""
    EVENTS.update(events)
