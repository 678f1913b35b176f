"""Rows of the incidents app."""

from incidents.models.incident import (
    INCIDENT_TABLE,
    LIVE,
    ORDER,
    RESPONSE,
    EntryKind,
    Evidence,
    Incident,
    IncidentState,
    Severity,
    TimelineEntry,
)
from incidents.models.log import LogFile, LogSource
from incidents.models.watch import Watch

__all__ = [
    "INCIDENT_TABLE",
    "LIVE",
    "ORDER",
    "RESPONSE",
    "EntryKind",
    "Evidence",
    "Incident",
    "IncidentState",
    "LogFile",
    "LogSource",
    "Severity",
    "TimelineEntry",
    "Watch",
]
