"""The page behind the link in a message: on a phone, at night, without signing in (I6).

Whoever has the link may acknowledge this one incident in this one person's name, and see its headline; nothing else.
"""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from incidents.models import Incident, IncidentState
from incidents.services import lifecycle, links, wording
from smsops.audit import acting, carried_out, come_by
from smsops.audit.recording import deed
from smsops.errors import OpsError
from smsops.models.audit import Door, Sort

ANSWERS = {"mine": "I have it", "later": "I cannot; go on to the next"}


@never_cache
@require_http_methods(["GET", "POST"])
def acknowledge(request: HttpRequest, word: str) -> HttpResponse:
    """Show the incident (GET); take the answer (POST)."""
    asked = links.asked(word)
    user = get_user_model().objects.filter(pk=asked.user, is_active=True).first() if asked else None
    incident = _incident(asked.incident) if asked else None
    if user is None or incident is None:
        return render(request, "acknowledge.html", {"problem": "This link is not valid any more."}, status=404)
    said = ""
    if request.method == "POST":
        with acting(come_by(request, Door.LINK).named(user)):
            said = _answer(request.POST.get("answer", ""), incident, user)
        incident = _incident(incident.pk) or incident  # as it is after the answer, or after somebody else's
    context = {
        "incident": incident,
        "headline": incident.title if not incident.private else "A private incident",
        "sign": wording.last_sign(incident) if not incident.private else "",
        "person": user,
        "said": said,
        "answers": ANSWERS if incident.state == IncidentState.OPEN and said != GIVEN_ON else {},
    }
    return render(request, "acknowledge.html", context)


GIVEN_ON = "Noted. Who comes next is paged now, where there is somebody."


def _incident(number: int) -> Incident | None:
    return Incident.objects.select_related("environment", "acknowledged_by").filter(pk=number).first()


def _answer(answer: str, incident: Incident, user: User) -> str:
    if answer == "mine" and incident.state == IncidentState.ACKNOWLEDGED and incident.acknowledged_by == user:
        return "You have it already."
    if answer not in ANSWERS:
        return "Choose one of the answers."
    try:
        with carried_out(deed(f"incident.answer-{answer}", incident, sort=Sort.LINK)):
            if answer == "mine":
                lifecycle.acknowledge(incident, user, "By the link in a message.")
            else:
                lifecycle.decline(incident, user)
    except OpsError as error:
        return str(error)
    return "It is yours. Nobody else is paged now, unless it lasts or gets worse." if answer == "mine" else GIVEN_ON
