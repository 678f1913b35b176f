"""The kernel's rows."""

from smsops.models.approval import DECISION_TABLE, Approval, Decision
from smsops.models.audit import AuditEntry
from smsops.models.environment import DatabaseEngine, EdgeKind, Environment, Preset, RuntimeKind
from smsops.models.journal import Entry, JournalEntry, Lease
from smsops.models.risk import Risk, SecondPerson, wants_second_person
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
from smsops.models.sign_in import Authenticator, BackupCodes, How, Identity, SignIn

__all__ = [
    "ACTIVE",
    "DECISION_TABLE",
    "FINAL",
    "GOOD",
    "RUN_TABLE",
    "UNFINISHED",
    "Approval",
    "AuditEntry",
    "Authenticator",
    "BackupCodes",
    "DatabaseEngine",
    "Decision",
    "EdgeKind",
    "Entry",
    "Environment",
    "How",
    "Identity",
    "JournalEntry",
    "Lease",
    "Phase",
    "Preset",
    "Risk",
    "Run",
    "RunState",
    "RuntimeKind",
    "SecondPerson",
    "SignIn",
    "Step",
    "StepState",
    "Trigger",
    "wants_second_person",
]
