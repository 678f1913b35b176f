"""The report of a month: objectives, incidents, post-mortems and action items of one environment."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from incidents.actions import words as action_words
from incidents.documents.parts import Document, Part
from incidents.models import ActionItem, Incident, Severity
from incidents.objectives import figures, record, words
from incidents.objectives.spans import Span
from incidents.privacy import seen_by
from smsops import zones
from smsops.models import Environment
from smsops.text import seconds_text

_SHOWN = 200  # lines of a table


def of(environment: Environment, month: Span, user: Any) -> Document:
    """What this person may see of that month, in a constant number of questions."""
    (found,) = record.read([environment], month.begin, user)
    real, drills = figures.of(found, month), figures.of(found, month, drills=True)
    begun = Incident.objects.filter(seen_by(user), environment=environment, detected_at__range=month)
    begun = begun.select_related("postmortem").order_by("detected_at")
    name = f"{zones.in_house(month.begin):%B %Y}"
    parts = [words.table(real), _incidents(begun.filter(drill=False)), _actions(environment, month, user)]
    if drills.incidents:
        parts += [words.drills(drills), _incidents(begun.filter(drill=True), "drilled", "What was drilled")]
    return Document(
        title=f"{environment}: {name}",
        about=[f"From {zones.in_house(month.begin):%Y-%m-%d} to {zones.in_house(real.window.end):%Y-%m-%d}. "
               "Everything in it was measured by smsops."],
        parts=parts,
        end=f"Made {timezone.localtime(timezone=zones.house()):%Y-%m-%d %H:%M %Z}.",
    )  # fmt: skip


def _incidents(found: Any, key: str = "incidents", title: str = "Incidents") -> Part:
    rows = []
    for incident in found[:_SHOWN]:
        review = getattr(incident, "postmortem", None)
        lasted = seconds_text(incident.seconds) if incident.resolved_at else "not over"
        rows.append((str(incident.pk), f"{zones.in_house(incident.detected_at):%m-%d %H:%M}",
                     Severity(incident.severity).label, incident.title, lasted,
                     review.get_state_display() if review else "none"))  # fmt: skip
    lines = [] if rows else ["None."]
    return Part(key, title, lines, ("No.", "Noticed", "Severity", "What", "Lasted", "Post-mortem"), rows)


def _actions(environment: Environment, month: Span, user: Any) -> Part:
    found = ActionItem.objects.filter(seen_by(user, "incident__"), incident__environment=environment)
    found = found.filter(created_at__lt=month.end).exclude(done_at__lt=month.begin).exclude(state="dropped")
    rows = [action_words.line(item) for item in found.select_related("owner")[:_SHOWN]]
    return Part("actions", "Action items", [] if rows else ["None."], action_words.HEAD, rows)
