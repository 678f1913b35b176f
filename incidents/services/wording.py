"""What messages say: in the first line what, where and how bad; no secret (titles and signs are redacted).

Whatever comes from outside is one line or a few, of bounded length, without control characters.
"""

from __future__ import annotations

from django.utils import timezone

from incidents.models import Incident, Reckoning

LONGEST = 1000  # characters of a sign; a phone shows fewer


def page(incident: Incident, level: int, times: int) -> str:
    """For somebody who must act."""
    again = f" (paged {times} times, nobody has acknowledged)" if times > 1 else ""
    if incident.private:
        return f"{headline(incident)}{again}\nLevel {level}."
    change = f"\nLast change: {incident.change.title}" if incident.change is not None else ""
    return f"{headline(incident)}{again}\n{last_sign(incident)}{change}{_way(incident)}\nLevel {level}."


def _way(incident: Incident) -> str:
    """The way back that was recommended when somebody looked last, while it still fits."""
    found = Reckoning.objects.filter(incident=incident, advice_until__gt=timezone.now())
    line = found.values_list("advice", flat=True).first()
    return f"\n{tidy(line)}" if line else ""


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
