"""What still says that an incident is not over, whatever a person says (I4): recovery is decided by checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from deployments.checks.base import CHECKLIST
from deployments.models import CheckResult
from deployments.models.check import CheckVerdict
from incidents import signals
from incidents.models import LIVE, Alert, AlertState, EntryKind, Incident, Issue, Watch
from incidents.services import incidents
from smsops.models import RunState

NAMED = 5
LOOKED = timedelta(days=7)  # after its end; what is red for longer a person has to judge
GIVEN_UP = f"It was not green within {LOOKED.days} days; smsops does not look any more."
GONE = (RunState.UNDONE, RunState.SAFE)


def red(incident: Incident) -> list[str]:
    """What is red now, a sentence each; empty where nothing is. Nothing is asked of SMS: this is what was seen last."""
    return [*_sms(incident), *_checks(incident), *_alerts(incident)]


def settle() -> int:
    """See which contradicted ones nothing contradicts any more, and write that down; return how many those are. One for
    which that takes too long is looked at no more, and says so."""
    found = Incident.objects.exclude(contradicted="").exclude(state__in=LIVE).filter(settled_at=None)
    found = found.exclude(contradicted__endswith=GIVEN_UP)
    return sum(_settle(incident) for incident in found.select_related("environment"))


@transaction.atomic
def _settle(incident: Incident) -> bool:
    against = red(incident)
    mine = Incident.objects.filter(pk=incident.pk, settled_at=None).exclude(state__in=LIVE)
    if against:
        if incident.resolved_at is not None and timezone.now() - incident.resolved_at > LOOKED:
            _give_up(incident, against)
        return False
    if mine.update(settled_at=timezone.now()):
        incidents.note(
            incident, EntryKind.FACT, "Nothing contradicts any more that it is resolved: what was red is green."
        )
        signals.contradiction_settled.send(Incident, incident=incident)
        return True
    return False


def _give_up(incident: Incident, against: list[str]) -> None:
    mine = Incident.objects.filter(pk=incident.pk, settled_at=None, contradicted=incident.contradicted)
    if mine.exclude(state__in=LIVE).update(contradicted=f"{incident.contradicted}\n{GIVEN_UP}"):
        said = f"Something still contradicts that it is resolved: {' '.join(against)} {GIVEN_UP}"
        incidents.note(incident, EntryKind.FACT, said)


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
    newest_first = Window(RowNumber(), partition_by="key", order_by=[F("at").desc(), F("pk").desc()])
    last = asked.order_by().annotate(nth=newest_first).filter(nth=1).values_list("title", "verdict")
    if bad := sorted(title for title, verdict in last if verdict == CheckVerdict.FAIL):
        yield f"{_named(bad, 'This check fails', 'These checks fail')}."


def _alerts(incident: Incident) -> Iterator[str]:
    firing = Alert.objects.filter(incident=incident, state=AlertState.FIRING).order_by("name")
    names = list(firing.values_list("name", flat=True).distinct()[: NAMED + 1])
    if names:
        yield f"{_named(names, 'This alert still fires', 'These alerts still fire')}."


def _named(names: list[str], one: str, many: str) -> str:
    more = " and others" if len(names) > NAMED else ""
    return f"{one if len(names) == 1 else many}: {', '.join(names[:NAMED])}{more}"
