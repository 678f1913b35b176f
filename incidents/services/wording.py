"""What messages say: in the first line what, where and how bad; no secret (titles and signs are redacted).

Whatever comes from outside is one line or a few, of bounded length, without control characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from incidents.models import EntryKind, Incident, Reckoning, TimelineEntry

LONGEST = 1000  # characters of a sign; a phone shows fewer


@dataclass(frozen=True)
class Seen:
    """Of an incident: the last sign, and the way back that was recommended when somebody looked last, while it fits."""

    sign: str = ""
    way: str = ""


def seen(incidents: Iterable[Incident]) -> dict[int, Seen]:
    """What was seen of each, by their numbers, in one look-up."""
    signs = TimelineEntry.objects.filter(incident=OuterRef("pk"), kind=EntryKind.SIGN).order_by("-at", "-pk")
    advice = Reckoning.objects.filter(incident=OuterRef("pk"), advice_until__gt=timezone.now())
    found = Incident.objects.filter(pk__in=[each.pk for each in incidents]).order_by()
    rows = found.values_list("pk", Subquery(signs.values("text")[:1]), Subquery(advice.values("advice")[:1]))
    return {number: Seen(tidy(sign or ""), tidy(way or "")) for number, sign, way in rows}


def page(incident: Incident, level: int, times: int, known: Seen | None = None) -> str:
    """For somebody who must act; `known` is what was seen of it, where that was looked up already."""
    again = f" (paged {times} times, nobody has acknowledged)" if times > 1 else ""
    if incident.private:
        return f"{headline(incident)}{again}\nLevel {level}."
    found = known or seen([incident])[incident.pk]
    change = f"\nLast change: {incident.change.title}" if incident.change is not None else ""
    way = f"\n{found.way}" if found.way else ""
    return f"{headline(incident)}{again}\n{found.sign}{change}{way}\nLevel {level}."


def lapsed(incident: Incident) -> str:
    """For whoever had acknowledged it."""
    return f"{headline(incident)}\nDo you still have it? Your acknowledgement has lapsed: acknowledge again."


def news(incident: Incident, text: str) -> str:
    """For whoever was told before."""
    return f"{headline(incident)}\n{'' if incident.private else tidy(text)}".rstrip()


def headline(incident: Incident) -> str:
    """What, where and how bad, in one line; of a private incident only that there is one."""
    what = "A private incident" if incident.private else " ".join(tidy(incident.title).split())
    return f"[{incident.get_severity_display()}] {incident.environment.name}: {what} (#{incident.pk})"


def last_sign(incident: Incident) -> str:
    """What was seen last."""
    return tidy(incident.timeline.filter(kind="sign").values_list("text", flat=True).last() or "")


def tidy(text: str) -> str:
    """The beginning of it, without what a terminal or a mail server would take for a command."""
    return "".join(sign for sign in text[:LONGEST] if sign == "\n" or sign.isprintable())
