"""Deliveries that were stored and cannot be read, after all: said aloud, kept, read again when a person says so."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from incidents import fingerprints
from incidents.models import AlertSource, Delivery, DeliveryState, Issue, Severity
from incidents.services import incidents, lifecycle
from incidents.services.incidents import Sign
from smsops.redact import redact
from smsops.text import count_text


@transaction.atomic
def give_up(problems: Mapping[int, str]) -> None:
    """Mark deliveries (by id, with what is wrong) and open an incident: nobody knows what they told."""
    for number, problem in problems.items():
        said = redact(problem)[:500]
        Delivery.objects.filter(pk=number).update(state=DeliveryState.FAILED, problem=said)
    found = Delivery.objects.select_related("source__environment").filter(pk__in=problems).defer("body").first()
    if found is None:
        return
    source, told = found.source, count_text(len(problems), "message")
    title = f"What {source.name} sent cannot be read"
    detail = f"{told} may have told of alerts. The first: {found.problem} Mend the source's map, and read them again."
    incidents.report(source.environment, Sign(_cause(source), Severity.HIGH, title, detail, Issue.UNKNOWN))


def again(source: AlertSource) -> int:
    """Read once more what could not be read; return how many deliveries that are. Their incident ends."""
    failed = Delivery.objects.filter(source=source, state=DeliveryState.FAILED)
    count = failed.update(state=DeliveryState.NEW, problem="")
    lifecycle.end(source.environment, _cause(source), f"{count_text(count, 'message is', 'messages are')} read again.")
    return count


def _cause(source: AlertSource) -> str:
    return fingerprints.UNREAD.of(source.pk)
