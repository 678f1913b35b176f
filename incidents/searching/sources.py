"""Where the words are looked for, and how much a hit there counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from incidents.models import Incident, PostMortem, TimelineEntry


@dataclass(frozen=True)
class Source:
    """One table: the columns that are searched, the path to the incident, and the permission to see it."""

    key: str
    title: str
    rows: Callable[[], QuerySet[Any]]
    columns: tuple[str, ...]
    incident: str  # the column with the incident's number
    path: str  # from the row to its incident, for conditions
    permission: str
    weight: float


SOURCES = (
    Source("incident", "Incident", Incident.objects.all, ("title", "resolution", "cause"), "pk", "",
           "incidents.view_incident", 4.0),
    Source("postmortem", "Post-mortem", PostMortem.objects.all, ("searchable",), "incident_id", "incident__",
           "incidents.view_postmortem", 2.0),
    Source("timeline", "Timeline", TimelineEntry.objects.all, ("text",), "incident_id", "incident__",
           "incidents.view_incident", 1.0),
)  # fmt: skip
