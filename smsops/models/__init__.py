"""The kernel's rows."""

from smsops.models.api import ApiRequest, ApiToken, Scope
from smsops.models.approval import DECISION_TABLE, Approval, Decision
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
    "DatabaseEngine",
    "Decision",
    "DeliveryState",
    "EdgeKind",
    "Entry",
    "Environment",
    "JournalEntry",
    "Lease",
    "Phase",
    "Preset",
    "Risk",
    "Run",
    "RunState",
    "RuntimeKind",
    "Scope",
    "SecondPerson",
    "Step",
    "StepState",
    "Trigger",
    "Webhook",
    "WebhookDelivery",
    "wants_second_person",
]
