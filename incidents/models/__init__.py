"""Rows of the incidents app."""

from incidents.models.action import ACTION_TABLE, ActionEntry, ActionItem, ActionKind, ActionState, Priority
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
from incidents.models.clock import Clock, ClockCorrection
from incidents.models.detection import Detection, Survey
from incidents.models.escalation import Condition, Escalation, EscalationPolicy, PolicyLevel
from incidents.models.evidence import Evidence, Triage
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
from incidents.models.log_pattern import LogPattern, LogPosition
from incidents.models.page import Page, PageKind, PageState, Pulse
from incidents.models.people import Channel, Contact, Override, Rota, RotaMember, Team, Way
from incidents.models.playbook import ActKind, Playbook, PlaybookAct, PlaybookVersion
from incidents.models.postmortem import (
    MEASURING,
    POSTMORTEM_TABLE,
    PostMortem,
    PostMortemState,
    PostMortemVersion,
)
from incidents.models.quiet import MaintenanceWindow, Repeats, Silence
from incidents.models.reckoning import Reckoning
from incidents.models.review import ReviewRule
from incidents.models.runbook import RunbookNote
from incidents.models.severity_change import SeverityChange
from incidents.models.severity_rule import SeverityRule
from incidents.models.timeline import EntryKind, TimelineEntry
from incidents.models.watch import Watch

__all__ = [
    "ACTION_TABLE",
    "INCIDENT_TABLE",
    "LIVE",
    "MEASURING",
    "ORDER",
    "POSTMORTEM_TABLE",
    "RESPONSE",
    "SIGNATURE_HEADER",
    "ActKind",
    "ActionEntry",
    "ActionItem",
    "ActionKind",
    "ActionState",
    "Alert",
    "AlertSource",
    "AlertState",
    "Channel",
    "Clock",
    "ClockCorrection",
    "Condition",
    "Contact",
    "Delivery",
    "DeliveryState",
    "Detection",
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
    "LogPattern",
    "LogPosition",
    "LogSource",
    "MaintenanceWindow",
    "Override",
    "Page",
    "PageKind",
    "PageState",
    "Playbook",
    "PlaybookAct",
    "PlaybookVersion",
    "PolicyLevel",
    "PostMortem",
    "PostMortemState",
    "PostMortemVersion",
    "Priority",
    "Pulse",
    "Reckoning",
    "Repeats",
    "ReviewRule",
    "Rota",
    "RotaMember",
    "RunbookNote",
    "Severity",
    "SeverityChange",
    "SeverityRule",
    "Silence",
    "SourceKind",
    "Survey",
    "Team",
    "TimelineEntry",
    "Triage",
    "Watch",
    "Way",
    "token_digest",
]
