"""What messages say: in the first line what, where and how bad; no secret (titles and signs are redacted)."""

from __future__ import annotations

from incidents.models import Incident


def page(incident: Incident, level: int, times: int) -> str:
    """For somebody who must act."""
    again = f" (paged {times} times, nobody has acknowledged)" if times > 1 else ""
    change = f"\nLast change: {incident.change.title}" if incident.change is not None else ""
    return f"{headline(incident)}{again}\n{last_sign(incident)}{change}\nLevel {level}."


def news(incident: Incident, text: str) -> str:
    """For whoever was told before."""
    return f"{headline(incident)}\n{text}"


def headline(incident: Incident) -> str:
    """How bad, where, what, and its number."""
    return f"[{incident.get_severity_display()}] {incident.environment.name}: {incident.title} (#{incident.pk})"


def last_sign(incident: Incident) -> str:
    """What was seen last."""
    return incident.timeline.filter(kind="sign").values_list("text", flat=True).last() or ""
