"""Reads for the dashboard, the command and the pages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from backups import selectors as backups_of
from backups.models import Backup
from backups.selectors import CLOCKS_DIFFER
from incidents.models import LIVE, ActionItem, ActionState, Incident, Watch
from incidents.models.watch import UNKNOWN
from incidents.privacy import Terminal, runs_seen_by, seen_by
from smsops.models import ACTIVE, Environment, Run
from smsops.text import age_text


@dataclass(frozen=True)
class Status:
    """How one environment is now, from what smsops measured."""

    environment: Environment
    watch: Watch | None
    backup: Backup | None
    running: list[Run] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)

    @property
    def active(self) -> Run | None:
        """The run that is under way, if any; the exclusive one where there are several."""
        return next(iter(sorted(self.running, key=lambda run: not run.exclusive)), None)

    @property
    def release(self) -> str:
        """Version of the image that runs."""
        return self.watch.release if self.watch else ""

    @property
    def fresh(self) -> bool:
        """Whether the watcher has looked lately."""
        return self.watch is not None and self.watch.fresh(timezone.now())

    @property
    def health(self) -> str:
        """One word (Watch.word)."""
        return self.watch.word(timezone.now()) if self.watch is not None else UNKNOWN

    @property
    def backup_age(self) -> str:
        return age_text(self.backup.age if self.backup else None)

    @property
    def backup_late(self) -> bool:
        """Whether the newest good backup is older than the RPO (§6.1), or from the future: taken before the clock was
        set back, nobody can say how long ago."""
        return self.backup is None or not -CLOCKS_DIFFER <= self.backup.age <= self.environment.rpo

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


def statuses(user: Any = Terminal(), among: QuerySet[Environment] | None = None) -> list[Status]:  # noqa: B008  (frozen)
    """How every environment, or each among these, is as far as this person may see it, in a few queries."""
    good = backups_of.good().filter(environment=OuterRef("pk"))
    future_last = Case(When(backups_of.datable(), then=0), default=1)
    newest = good.order_by(future_last, "-taken_at", "-pk").values("pk")[:1]
    places = Environment.objects.all() if among is None else among
    environments = list(places.select_related("watch", "log_following").annotate(newest=Subquery(newest)))
    here = Q() if among is None else Q(environment__in=[environment.pk for environment in environments])
    backups = Backup.objects.in_bulk([environment.newest for environment in environments if environment.newest])
    running, incidents = defaultdict(list), defaultdict(list)
    for run in active_runs().filter(here, runs_seen_by(user)):
        running[run.environment_id].append(run)
    for incident in live_incidents().filter(here, seen_by(user)):
        incidents[incident.environment_id].append(incident)
    return [
        Status(
            environment=environment,
            watch=getattr(environment, "watch", None),
            backup=backups.get(environment.newest),
            running=running[environment.pk],
            incidents=incidents[environment.pk],
        )
        for environment in environments
    ]


def status(environment: Environment) -> Status:
    """How one environment is."""
    return next(status for status in statuses() if status.environment.pk == environment.pk)


def active_runs() -> QuerySet[Run]:
    """Every run that is under way."""
    return Run.objects.filter(state__in=ACTIVE).select_related("environment")


def live_incidents() -> QuerySet[Incident]:
    """Every live incident, private ones as well, newest first."""
    return Incident.objects.filter(state__in=LIVE).select_related("environment")


def needed_backups(environment: Environment) -> dict[str, str]:
    """Backups that may still be asked for: those since a live incident began, and the good one before it; an adopted
    one where there is no other."""
    first = live_incidents().filter(environment=environment).order_by("detected_at").first()
    if first is None:
        return {}

    def before(found: QuerySet[Backup]) -> list[str]:
        earlier = found.filter(environment=environment, taken_at__lt=first.detected_at)
        return list(earlier.values_list("identifier", flat=True)[:1])

    own = [*before(backups_of.good()), *before(backups_of.good(then=True))]  # here; and where only elsewhere is newer
    since = Backup.objects.filter(environment=environment, taken_at__gte=first.detected_at)
    names = [*(own or before(backups_of.sound())), *since.values_list("identifier", flat=True)]
    return dict.fromkeys(names, "an incident that may need it is not over")


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
        "private": incident.private,
        "contradicted": incident.contradicted if incident.contradicts else "",
        **{
            role: _name(getattr(incident, role))
            for role in ("acknowledged_by", "commander", "scribe", "communications")
        },
        "timeline": [
            {"at": entry.at, "kind": entry.kind, "by": entry.author or "smsops", "text": entry.text}
            for entry in incident.timeline.all()
        ],
        "evidence": [
            {"name": piece.name, "sha256": piece.sha256, "gone": piece.gone} for piece in incident.evidence.all()
        ],
    }


def _name(person: User | None) -> str:
    return person.get_username() if person is not None else ""


def items_to_do(found: QuerySet[ActionItem] | None = None, until: datetime | None = None) -> QuerySet[ActionItem]:
    """The action items, of these or of all, that somebody has yet to do; with `until` those that are due before."""
    items = (ActionItem.objects.all() if found is None else found).filter(state=ActionState.TODO)
    return items.filter(due_at__lt=until) if until is not None else items
