"""Which severity the facts speak for, and which facts those are (runbook §5.1): a suggestion, people decide (I3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from incidents.detection import thresholds
from incidents.models import ORDER, Alert, AlertState, FactKind, Incident, Issue, Severity, Watch
from smsops.text import age_text

BY_FACT = {
    FactKind.INTEGRITY_FAILED: (Severity.CRITICAL, "an integrity check fails: data is at risk"),
    FactKind.EXPOSURE_CONFIRMED: (Severity.CRITICAL, "the exposure is confirmed"),
    FactKind.UNDO_FAILED: (Severity.CRITICAL, "a change could not be undone"),
    FactKind.ROWS_LOST: (Severity.CRITICAL, "rows are lost"),
}


@dataclass(frozen=True)
class Suggestion:
    """A severity, and the facts it is taken from."""

    severity: Severity
    reasons: tuple[str, ...]
    present: Severity

    @property
    def higher(self) -> bool:
        return ORDER[self.severity] > ORDER[self.present]

    @property
    def sentence(self) -> str:
        """`By the facts it is critical, not medium: rows are lost; SMS is down (looked 8 s ago).`"""
        what = f"By the facts it is {self.severity.label.lower()}, not {self.present.label.lower()}"
        return f"{what}: {'; '.join(self.reasons)}."


Found = tuple[Severity, str]


def of(incident: Incident) -> Suggestion | None:
    """What the facts speak for where that is another severity than it has; None where they say nothing else. Four
    questions to the database at most."""
    found = [*_facts(incident), *_alerts(incident), *_watch(incident)] if incident.live else []
    if not found:
        return None
    worst = max((severity for severity, _ in found), key=ORDER.__getitem__)
    if worst == incident.severity:
        return None
    reasons = tuple(dict.fromkeys(told for severity, told in found if severity == worst))
    return Suggestion(worst, reasons, Severity(incident.severity))


def _facts(incident: Incident) -> Iterator[Found]:
    for kind in incident.facts.values_list("kind", flat=True):
        if kind in BY_FACT:
            yield BY_FACT[FactKind(kind)]


def _alerts(incident: Incident) -> Iterator[Found]:
    firing = Alert.objects.filter(incident=incident, state=AlertState.FIRING).exclude(severity="")
    for severity, name in firing.order_by("name").values_list("severity", "name").distinct():
        if severity in Severity.values:
            yield Severity(severity), f"the alert “{name}” fires"


def _watch(incident: Incident) -> Iterator[Found]:
    """How SMS is; that it is well says nothing about data or secrets."""
    if incident.issue in (Issue.DATA, Issue.SECURITY):
        return
    watch, now = Watch.objects.filter(environment=incident.environment_id).first(), timezone.now()
    if watch is None or watch.looked_at is None or not watch.fresh(now):
        return
    looked = f"(looked {age_text(now - watch.looked_at)})"
    if watch.status in ("down", "unhealthy", "absent"):
        yield Severity.CRITICAL, f"SMS is {watch.status} {looked}"
    elif not watch.good:
        yield Severity.HIGH, f"SMS answers, and is not well {looked}"
    elif slow := thresholds.slow(thresholds.of(incident.environment), watch.response_ms / 1000):
        yield slow, f"SMS takes {watch.response_ms} ms to answer {looked}"
    elif ORDER[Severity(incident.severity)] > ORDER[Severity.MEDIUM]:
        yield Severity.MEDIUM, f"SMS is healthy and ready, and no fact says worse {looked}"
