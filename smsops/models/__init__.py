"""The kernel's rows."""

from smsops.models.environment import DatabaseEngine, EdgeKind, Environment, Preset, RuntimeKind
from smsops.models.journal import Entry, JournalEntry, Lease
from smsops.models.run import (
    ACTIVE,
    FINAL,
    GOOD,
    RUN_TABLE,
    UNFINISHED,
    Phase,
    Run,
    RunState,
    Step,
    StepState,
    Trigger,
)

__all__ = [
    "ACTIVE",
    "FINAL",
    "GOOD",
    "RUN_TABLE",
    "UNFINISHED",
    "DatabaseEngine",
    "EdgeKind",
    "Entry",
    "Environment",
    "JournalEntry",
    "Lease",
    "Phase",
    "Preset",
    "Run",
    "RunState",
    "RuntimeKind",
    "Step",
    "StepState",
    "Trigger",
]
