"""Pages as rows: written down, recalled, put back to be tried again (I6). Sending them is the outbox's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from incidents.models import LIVE, Escalation, Incident, IncidentState, Page, PageKind, PageState
from incidents.services import decisions
from incidents.services.recipients import Recipient

ASKS = (PageKind.PAGE, PageKind.REMINDER)  # these want somebody to act


def write(incident: Incident, kind: str, text: str, to: Iterable[Recipient], key: str, **fields: Any) -> int:
    """Write messages down to be sent; one with a key that is there already is left as it is."""
    return put(rows(incident, kind, text, to, key, **fields))


def rows(incident: Incident, kind: str, text: str, to: Iterable[Recipient], key: str, **fields: Any) -> list[Page]:
    """The same, not written yet. A drill reaches nobody, and what is private no channel."""
    if incident.drill:
        return []
    now = timezone.now()
    return [
        Page(
            incident=incident, kind=kind, text=text, user=each.user, contact=each.contact, channel=each.channel,
            key=f"{key}.{each.mark}", due_at=now + each.after, next_at=now + each.after, **fields,
        )
        for each in to
        if each.channel is None or not incident.private
    ]  # fmt: skip


def put(pages: list[Page]) -> int:
    """Write these down; one with a key that is there already is left as it is. Return how many they are."""
    Page.objects.bulk_create(pages, ignore_conflicts=True)
    return len(pages)


def told(incident: Incident) -> list[Recipient]:
    """Whoever was paged about it, by the ways that were used and still may be: they learn how it goes on."""
    pages = Page.objects.filter(incident=incident, kind__in=ASKS, state__in=[PageState.SENT, PageState.SENDING])
    usable = pages.exclude(contact__enabled=False).exclude(channel__enabled=False)
    usable = usable.filter(Q(user__is_active=True) | Q(channel__isnull=False))
    found = {}
    for page in usable.select_related("user", "contact", "channel"):
        recipient = Recipient(page.user, page.contact, page.channel)
        found[recipient.mark] = recipient
    return list(found.values())


def recall(incident: Incident) -> None:
    """What has not gone out and asks somebody to act is not needed any more, except what stays whoever has it. Called
    within the transaction that moves the incident, or with the incident locked."""
    if incident.state in LIVE and incident.state != IncidentState.OPEN:
        drop(incident, staying=_staying(incident))
    elif incident.state not in LIVE:
        drop(incident)


def drop(incident: Incident, staying: Iterable[int] = ()) -> None:
    """Cancel what waits and asks somebody to act, but for the pages of some levels."""
    waiting = Page.objects.filter(incident=incident, state=PageState.PENDING, kind__in=ASKS)
    waiting = waiting.exclude(kind=PageKind.PAGE, level__in=list(staying))
    numbers = list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True))
    Page.objects.filter(pk__in=numbers).update(state=PageState.CANCELLED)


def _staying(incident: Incident) -> list[int]:
    escalation = Escalation.objects.filter(incident=incident, ended_at=None).first()
    levels = escalation.policy["levels"] if escalation is not None else []
    paged = decisions.remembered(escalation.paged) if escalation is not None else {}
    brought = {position for position, each in paged.items() if not each.own}
    over = incident.state == IncidentState.MITIGATED
    staying = [level["position"] for level in levels if decisions.stays(level, over=over)]
    return [position for position in staying if position not in brought]


def locked(number: int | None) -> Incident | None:
    """The incident, held so that nobody moves it meanwhile."""
    return Incident.objects.select_for_update(no_key=True).filter(pk=number).first() if number else None


def hold(incident: Incident) -> bool:
    """Hold it as `locked` does, and let this object say how it is now, whatever it was when it was read. Whether it is
    live."""
    held = locked(incident.pk)
    if held is None:
        return False
    for column in held._meta.concrete_fields:
        setattr(incident, column.attname, getattr(held, column.attname))
    return incident.live


@transaction.atomic
def put_back(page: Page, holder: str, **values: Any) -> bool:
    """Let one that `holder` was sending be tried again, if it is still needed; whether it was still that one's."""
    incident = locked(page.incident_id)
    mine = Page.objects.filter(pk=page.pk, state=PageState.SENDING, holder=holder)
    told = incident is not None and incident.private and page.channel_id is not None  # it became so meanwhile
    done = mine.update(state=PageState.CANCELLED if told else PageState.PENDING, holder="", **values)
    if done and incident is not None:
        recall(incident)
    return bool(done)
