"""What still says that an incident is not over, whatever a person says (I4): recovery is decided by checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from deployments.checks.base import CHECKLIST
from deployments.models import CheckResult
from deployments.models.check import CheckVerdict
from incidents import signals
from incidents.models import LIVE, Alert, AlertState, EntryKind, Incident, Issue, Watch
from incidents.services import incidents
from smsops.models import RunState

NAMED = 5
GONE = (RunState.UNDONE, RunState.SAFE)


def red(incident: Incident) -> list[str]:
    """What is red now, a sentence each; empty where nothing is. Nothing is asked of SMS: this is what was seen last."""
    return [*_sms(incident), *_checks(incident), *_alerts(incident)]


def settle() -> int:
    """See which contradicted ones nothing contradicts any more, and write that down; return how many those are."""
    found = Incident.objects.exclude(contradicted="").exclude(state__in=LIVE).filter(settled_at=None)
    return sum(_settle(incident) for incident in found.select_related("environment"))


@transaction.atomic
def _settle(incident: Incident) -> bool:
    if red(incident):
        return False
    mine = Incident.objects.filter(pk=incident.pk, settled_at=None).exclude(state__in=LIVE)
    if mine.update(settled_at=timezone.now()):
        incidents.note(
            incident, EntryKind.FACT, "Nothing contradicts any more that it is resolved: what was red is green."
        )
        signals.contradiction_settled.send(Incident, incident=incident)
        return True
    return False


def _sms(incident: Incident) -> Iterator[str]:
    """How SMS is, where the incident is about that. Nobody has looked lately: then nobody knows, and that is no red."""
    if incident.issue not in (Issue.SERVICE, Issue.UNKNOWN):
        return
    watch, now = Watch.objects.filter(environment=incident.environment_id).first(), timezone.now()
    if watch is not None and watch.fresh(now) and not watch.good:
        yield f"SMS is {watch.word(now)}: {watch.detail}".rstrip(": ") + "."


def _checks(incident: Incident) -> Iterator[str]:
    """Checks of the live SMS that failed since it was noticed and did not pass since. What a run found that was undone
    afterwards says nothing about what is there now."""
    asked = CheckResult.objects.filter(environment=incident.environment_id, on_copy=False, stage=CHECKLIST)
    asked = asked.filter(at__gte=incident.detected_at).exclude(verdict=CheckVerdict.SKIP).exclude(run__state__in=GONE)
    last = {
        key: (title, verdict) for key, title, verdict in asked.order_by("at").values_list("key", "title", "verdict")
    }
    if bad := sorted(title for title, verdict in last.values() if verdict == CheckVerdict.FAIL):
        yield f"{_named(bad, 'This check fails', 'These checks fail')}."


def _alerts(incident: Incident) -> Iterator[str]:
    firing = Alert.objects.filter(incident=incident, state=AlertState.FIRING).order_by("name")
    names = list(firing.values_list("name", flat=True).distinct()[: NAMED + 1])
    if names:
        yield f"{_named(names, 'This alert still fires', 'These alerts still fire')}."


def _named(names: list[str], one: str, many: str) -> str:
    more = " and others" if len(names) > NAMED else ""
    return f"{one if len(names) == 1 else many}: {', '.join(names[:NAMED])}{more}"
