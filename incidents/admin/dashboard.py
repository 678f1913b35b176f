"""The dashboard of all environments together: what is wrong, what runs, what is due, and how each environment is (U3).

However many there are, the page asks the same few questions: how all of them are in a line each, what is open, what
runs, and everything about the few that are in the worst way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from backups.services import forecast
from incidents.dashboard import cards, now, standings, strips, weeks, wrong
from incidents.dashboard.cards import Card
from incidents.dashboard.matters import Open
from incidents.dashboard.now import Now
from incidents.dashboard.standings import Standing
from incidents.services import gaps
from smsops import zones
from smsops.admin.site import warnings_for
from smsops.models import Environment

SHOWN = 6  # environments in full
LISTED = 50  # in a line each below them
NOW = "admin/incidents/dashboard/_now.html"
PERMISSION = "smsops.view_environment"
BUTTONS = (
    ("backup", "Back up now", "smsops.backup_environment", ""),
    ("deploy", "Deploy…", "smsops.deploy_environment", ""),
    ("rollback", "Roll back…", "smsops.rollback_environment", "danger"),
    ("restore", "Restore…", "smsops.restore_environment", "danger"),
)
CHANGING = re.compile(r'(<time[^>]*>)[^<]*|value="\d+"')  # what time alone makes another text


def panel(request: HttpRequest) -> dict[str, Any]:
    """What the dashboard shows to somebody who may look at environments."""
    user = request.user
    if not user.has_perm(PERMISSION):
        return {}
    asked = request.GET.get("q", "").strip()
    every, (found, under) = standings.read(), now.read(user)
    ordered = _gravest(_named(every, asked), found)
    shown = drawn(request, ordered[:SHOWN])
    rest = ordered[SHOWN : SHOWN + LISTED]
    return {
        "now": now.made(user, every, found, under, shown),
        "live_url": reverse("admin:incidents_dashboard_live"),
        "later_url": reverse("admin:incidents_dashboard_later"),
        "cards": shown, "rest": rest, "unlisted": len(ordered) - len(shown) - len(rest),
        "asked": asked, "searchable": len(every) > SHOWN, "environments": len(every),
    }  # fmt: skip


def _named(every: Sequence[Standing], asked: str) -> list[Standing]:
    wanted = asked.casefold()
    return [each for each in every if wanted in f"{each.name} {each.title}".casefold()]


def _gravest(every: Sequence[Standing], found: Open) -> list[Standing]:
    worst = wrong.worst(found)
    return sorted(every, key=lambda each: wrong.gravity(each, worst))


def drawn(request: HttpRequest, shown: Sequence[Standing]) -> list[Card]:
    """The cards of these environments, in three questions."""
    user, places = request.user, [each.pk for each in shown]
    known = cards.environments(places)
    runs = strips.read(places) if user.has_perm("smsops.view_run") else {}
    copies = cards.copies(places) if user.has_perm("backups.view_backup") else {}
    return [
        Card(each, known[each.pk], runs.get(each.pk, []), copies.get(each.pk, []), buttons(request, each.pk),
             forecast.judge(known[each.pk], runs.get(each.pk, [])))
        for each in shown if each.pk in known
    ]  # fmt: skip


def buttons(request: HttpRequest, environment_id: int) -> list[dict[str, str]]:
    """Those this person may press."""
    return [
        {"label": label, "tone": tone, "url": reverse("admin:smsops_environment_do", args=[environment_id, name])}
        for name, label, permission, tone in BUTTONS
        if request.user.has_perm(permission)
    ]


def live(request: HttpRequest) -> HttpResponse:
    """The part that changes, for the script that keeps it fresh."""
    _may(request)
    every, (found, under) = standings.read(), now.read(request.user)
    shown = drawn(request, _gravest(every, found)[:SHOWN])
    return fresh(request, now.made(request.user, every, found, under, shown))


def fresh(request: HttpRequest, known: Now) -> HttpResponse:
    """The part anew, or 304 where nothing but time has passed since the one the script has."""
    html = render_to_string(NOW, {"now": known}, request)
    warnings = warnings_for(request.user)
    mark = hashlib.sha256(f"{warnings}{CHANGING.sub(_first, html)}".encode()).hexdigest()[:32]
    if request.headers.get("If-None-Match") == f'"{mark}"':
        return HttpResponseNotModified(headers={"ETag": f'"{mark}"'})
    told = {"html": html, "said": known.said, "warnings": [zones.told(each) for each in warnings]}
    return JsonResponse(told, headers={"ETag": f'"{mark}"', "Cache-Control": "no-cache"})


def _first(found: re.Match[str]) -> str:
    return found[1] or ""


def later(request: HttpRequest) -> HttpResponse:
    """What the page does not wait for: `first`, whom a page would not reach, and below all how the last weeks went."""
    _may(request)
    user = request.user
    context: dict[str, Any] = {}
    first = ""
    if user.has_perm("incidents.view_incident"):
        nobody = gaps.find(timezone.now()).headline
        first = (
            render_to_string("admin/incidents/dashboard/_nobody.html", {"nobody": nobody}, request) if nobody else ""
        )
        known = list(Environment.objects.values_list("pk", "created_at"))
        found = weeks.read(user, known)
        charts = weeks.charts(found)
        context |= {"charts": charts, "table": weeks.table(charts), "weeks": weeks.WEEKS}
        context["lines"] = weeks.sentences(found, known)
    html = render_to_string("admin/incidents/dashboard/_later.html", context, request)
    return JsonResponse({"first": first, "html": html}, headers={"Cache-Control": "no-store"})


def _may(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
