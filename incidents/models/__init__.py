"""Rows of the incidents app."""

from incidents.models.alert import (
    SIGNATURE_HEADER,
    Alert,
    AlertSource,
    AlertState,
    Delivery,
    DeliveryState,
    SourceKind,
    token_digest,
)
from incidents.models.escalation import Condition, Escalation, EscalationPolicy, PolicyLevel
from incidents.models.evidence import Evidence
from incidents.models.fact import Fact, FactKind
from incidents.models.incident import (
    INCIDENT_TABLE,
    LIVE,
    ORDER,
    RESPONSE,
    Incident,
    IncidentState,
    Issue,
    Severity,
)
from incidents.models.log import LogFile, LogSource
from incidents.models.page import Page, PageKind, PageState, Pulse
from incidents.models.people import Channel, Contact, Override, Rota, RotaMember, Team, Way
from incidents.models.quiet import MaintenanceWindow, Repeats, Silence
from incidents.models.timeline import EntryKind, TimelineEntry
from incidents.models.watch import Watch

__all__ = [
    "INCIDENT_TABLE",
    "LIVE",
    "ORDER",
    "RESPONSE",
    "SIGNATURE_HEADER",
    "Alert",
    "AlertSource",
    "AlertState",
    "Channel",
    "Condition",
    "Contact",
    "Delivery",
    "DeliveryState",
    "EntryKind",
    "Escalation",
    "EscalationPolicy",
    "Evidence",
    "Fact",
    "FactKind",
    "Incident",
    "IncidentState",
    "Issue",
    "LogFile",
    "LogSource",
    "MaintenanceWindow",
    "Override",
    "Page",
    "PageKind",
    "PageState",
    "PolicyLevel",
    "Pulse",
    "Repeats",
    "Rota",
    "RotaMember",
    "Severity",
    "Silence",
    "SourceKind",
    "Team",
    "TimelineEntry",
    "Watch",
    "Way",
    "token_digest",
]
