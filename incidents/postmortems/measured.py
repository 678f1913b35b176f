"""Everything a post-mortem knows by itself, as plain values, read from the record in a constant number of questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from incidents.clock.history import History
from incidents.models import EntryKind, Evidence, Incident, SeverityChange, TimelineEntry
from incidents.postmortems import paging, recovery, requests, rows, severity, verdicts

MOST = 400  # lines of the timeline; signs are left out first, the incident's own page has all
CLOCKS = ("began_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at", "closed_at")


def of(incident: Incident, before: Mapping[str, Any]) -> dict[str, Any]:
    """What was measured of it, as JSON; `before` is what was measured the last time."""
    entries = _entries(incident)
    evidence = list(incident.evidence.order_by("taken_at", "name"))
    end = incident.resolved_at or timezone.now()
    changes = SeverityChange.objects.filter(incident=incident).values_list("at", "severity")
    found, history = recovery.runs(incident), History(incident.environment)
    data = {
        "head": _head(incident),
        "clocks": {name: _iso(getattr(incident, name)) for name in CLOCKS},
        "severities": severity.spans(incident, changes, end),
        "rows": rows.of(incident),
        "exposure": rows.exposure(incident),
        "lost": recovery.lost(found),
        "requests": requests.of(incident, before.get("requests", {})),
        "phases": recovery.phases(incident, found),
        "runs": [recovery.as_data(run, history) for run in found],
        "change": recovery.as_data(incident.change) if incident.change is not None else {},
        "pages": paging.of(incident, entries),
        "facts": [{"at": _iso(fact.at), "what": fact.get_kind_display(), "text": fact.text, "by": fact.by}
                  for fact in incident.facts.all()],
        "alerts": incident.alerts.count(),
        "evidence": [{"name": piece.name, "sha256": piece.sha256, "size": piece.size, "at": _iso(piece.taken_at)}
                     for piece in evidence],
        **_timeline(entries, evidence),
    }  # fmt: skip
    return data | {"objectives": verdicts.of(incident, data)}


def _head(incident: Incident) -> dict[str, Any]:
    return {
        "title": incident.title,
        "environment": str(incident.environment),
        "severity": incident.get_severity_display(),
        "issue": incident.get_issue_display(),
        "fingerprint": incident.fingerprint,
        "drill": incident.drill,
        "release": incident.release,
        "resolution": incident.resolution,
        "contradicted": incident.contradicted,
        "settled_at": _iso(incident.settled_at),
        "reopened": incident.reopened,
        "acknowledged_by": incident.acknowledged_by.get_username() if incident.acknowledged_by else "",
        "commander": incident.commander.get_username() if incident.commander else "",
    }


def _entries(incident: Incident) -> Sequence[TimelineEntry]:
    """Its lines; of very many those that are no mere signs, and the first and last of these."""
    found = incident.timeline.order_by("at", "pk")
    if found.count() <= MOST:
        return list(found)
    kept = list(found.exclude(kind=EntryKind.SIGN)[: MOST - 20])
    signs = found.filter(kind=EntryKind.SIGN)
    some = {entry.pk: entry for entry in [*kept, *signs[:10], *signs.reverse()[:10]]}
    return sorted(some.values(), key=lambda entry: (entry.at, entry.pk))


def _timeline(entries: Iterable[TimelineEntry], evidence: list[Evidence]) -> dict[str, Any]:
    lines = [
        {
            "at": _iso(entry.at), "kind": entry.get_kind_display(), "text": entry.text, "by": entry.author,
            "run": entry.run_id, "evidence": _digests(entry, evidence),
        }
        for entry in entries
    ]  # fmt: skip
    return {"timeline": lines}


def _digests(entry: TimelineEntry, evidence: list[Evidence]) -> list[str]:
    """The digests of the pieces a line speaks of."""
    if entry.kind != EntryKind.EVIDENCE:
        return []
    said = set(entry.text.rstrip(".").replace(":", " ").replace(",", " ").split())
    return [f"{piece.name} {piece.sha256}" for piece in evidence if piece.name in said]


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
