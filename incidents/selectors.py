"""Reads for the dashboard, the command and the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from backups.models import Backup
from backups.selectors import latest_good
from incidents.models import LIVE, Incident, Watch
from smsops.models import ACTIVE, Environment, Run
from smsops.text import age_text

STALE = timedelta(seconds=90)  # a watcher that has not looked for so long knows nothing


@dataclass(frozen=True)
class Status:
    """How one environment is now, from what smsops measured."""

    environment: Environment
    watch: Watch | None
    release: str
    backup: Backup | None
    active: Run | None
    incidents: list[Incident] = field(default_factory=list)

    @property
    def fresh(self) -> bool:
        """Whether the watcher has looked lately."""
        seen = self.watch.looked_at if self.watch else None
        return seen is not None and timezone.now() - seen < STALE

    @property
    def health(self) -> str:
        """One word: healthy, degraded, unhealthy, down, absent, or unknown when nobody has looked lately."""
        if self.watch is None or not self.fresh:
            return "unknown"
        return self.watch.status if self.watch.ready or self.watch.status != "healthy" else "not ready"

    @property
    def backup_age(self) -> str:
        return age_text(self.backup.age if self.backup else None)

    @property
    def backup_late(self) -> bool:
        """Whether the newest good backup is older than the RPO (§6.1)."""
        return self.backup is None or self.backup.age > self.environment.rpo

    @property
    def good(self) -> bool:
        return self.health == "healthy" and not self.incidents and not self.backup_late

    def as_data(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "environment": self.environment.name,
            "good": self.good,
            "health": self.health,
            "detail": self.watch.detail if self.watch else "",
            "release": self.release,
            "last_backup": self.backup.identifier if self.backup else None,
            "last_backup_seconds": round(self.backup.age.total_seconds()) if self.backup else None,
            "rpo_seconds": round(self.environment.rpo.total_seconds()),
            "active_run": self.active.pk if self.active else None,
            "incidents": [incident.pk for incident in self.incidents],
        }


def status(environment: Environment) -> Status:
    """How an environment is."""
    watch = Watch.objects.filter(environment=environment).first()
    return Status(
        environment=environment,
        watch=watch,
        release=watch.release if watch else "",
        backup=latest_good(environment),
        active=Run.objects.filter(environment=environment, state__in=ACTIVE).first(),
        incidents=list(Incident.objects.filter(environment=environment, state__in=LIVE)),
    )


def live_incidents() -> QuerySet[Incident]:
    """Every live incident, newest first."""
    return Incident.objects.filter(state__in=LIVE).select_related("environment")


def incident_data(incident: Incident) -> dict[str, Any]:
    """An incident as JSON."""
    return {
        "incident": incident.pk,
        "environment": incident.environment.name,
        "title": incident.title,
        "severity": incident.severity,
        "state": incident.state,
        "detected_at": incident.detected_at,
        "resolved_at": incident.resolved_at,
        "timeline": [
            {"at": entry.at, "kind": entry.kind, "by": entry.author or "smsops", "text": entry.text}
            for entry in incident.timeline.all()
        ],
        "evidence": [{"name": piece.name, "sha256": piece.sha256} for piece in incident.evidence.all()],
    }
