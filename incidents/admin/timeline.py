"""The timeline on an incident's page: the newest first, a page at a time, in a constant number of queries.

The newest first, because somebody who is woken asks what is going on now; how it began is in the head of the page and
in the first look. Signs, of which there may be thousands, can be left out, so that what people did is in one view.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from incidents.models import EntryKind, Incident

PER_PAGE = 50
CHOICES = {  # what is shown, by the word in the address
    "": ("Everything", Q()),
    "deeds": ("Without signs", ~Q(kind=EntryKind.SIGN)),
    "people": ("By people", ~Q(author="")),
}


def context(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    """One page of it, and the other ways to look at it."""
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in CHOICES else ""
    found = incident.timeline.filter(CHOICES[chosen][1]).order_by("-at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("entries"))
    days = {timezone.localtime(entry.at).date() for entry in page.object_list}
    choices = [{"word": word, "label": label, "on": word == chosen} for word, (label, _) in CHOICES.items()]
    return {"page": page, "choices": choices, "show": chosen, "dated": len(days) > 1}
