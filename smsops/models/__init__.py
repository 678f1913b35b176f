"""The kernel's rows."""

from smsops.models.api import ApiRequest, ApiToken, Scope
from smsops.models.approval import DECISION_TABLE, Approval, Decision
from smsops.models.audit import AuditEntry
from smsops.models.environment import DatabaseEngine, EdgeKind, Environment, Preset, RuntimeKind
from smsops.models.journal import Entry, JournalEntry, Lease
from smsops.models.own_settings import OwnSettings
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
from smsops.models.webhook import DeliveryState, Webhook, WebhookDelivery

__all__ = [
    "ACTIVE",
    "DECISION_TABLE",
    "FINAL",
    "GOOD",
    "RUN_TABLE",
    "UNFINISHED",
    "ApiRequest",
    "ApiToken",
    "Approval",
    "AuditEntry",
    "Authenticator",
    "BackupCodes",
    "DatabaseEngine",
    "Decision",
    "DeliveryState",
    "EdgeKind",
    "Entry",
    "Environment",
    "How",
    "Identity",
    "JournalEntry",
    "Lease",
    "OwnSettings",
    "Phase",
    "Preset",
    "Risk",
    "Run",
    "RunState",
    "RuntimeKind",
    "Scope",
    "SecondPerson",
    "SignIn",
    "Step",
    "StepState",
    "Trigger",
    "Webhook",
    "WebhookDelivery",
    "wants_second_person",
]
