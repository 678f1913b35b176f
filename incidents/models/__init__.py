"""Rows of the incidents app."""

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
from incidents.models.timeline import EntryKind, TimelineEntry
from incidents.models.watch import Watch

__all__ = [
    "INCIDENT_TABLE",
    "LIVE",
    "ORDER",
    "RESPONSE",
    "EntryKind",
    "Evidence",
    "Fact",
    "FactKind",
    "Incident",
    "IncidentState",
    "Issue",
    "LogFile",
    "LogSource",
    "Severity",
    "TimelineEntry",
    "Watch",
]
