"""A post-mortem as one document: what people say, what was measured, what is to be done."""

from __future__ import annotations

from django.utils import timezone

from incidents.actions import words as action_words
from incidents.documents.parts import Document, Part
from incidents.models import ActionItem, PostMortem
from incidents.postmortems import sections, words


def document(postmortem: PostMortem) -> Document:
    """All of it, as it is now."""
    incident = postmortem.incident
    drill = "Drill: " if incident.drill else ""
    return Document(
        title=f"{drill}{incident.title} (incident {incident.pk})",
        about=[*words.about(postmortem.measured), status(postmortem)],
        told=sections.told(postmortem.texts),
        parts=[actions(postmortem), *words.parts(postmortem.measured)],
        end=_end(postmortem),
    )


def status(postmortem: PostMortem) -> str:
    """Where its review is, in one sentence."""
    said = [f"State: {postmortem.get_state_display().lower()}"]
    if postmortem.approved_by is not None and postmortem.approved_at is not None:
        alone = ", who wrote in it: nobody else could" if postmortem.alone else ""
        said.append(f"approved by {postmortem.approved_by.get_username()}{alone}")
    if postmortem.due_at is not None and postmortem.approved_at is None:
        said.append(f"due {timezone.localtime(postmortem.due_at):%Y-%m-%d %H:%M}")
    return f"{', '.join(said)}."


def actions(postmortem: PostMortem) -> Part:
    """What is to be done, as it stands now."""
    items = ActionItem.objects.filter(incident=postmortem.incident_id).select_related("owner")
    rows = [action_words.line(item)[1:] for item in items.order_by("-state", "due_at", "pk")]
    return Part("actions", "Action items", () if rows else ("None yet.",), action_words.HEAD[1:], rows)


def _end(postmortem: PostMortem) -> str:
    if postmortem.measured_at is None:
        return ""
    return f"Measured {timezone.localtime(postmortem.measured_at):%Y-%m-%d %H:%M:%S} by smsops."
