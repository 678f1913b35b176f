"""The dashboard of one environment: everything that is known of it on one page (U3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from backups.services import forecast, storage
from incidents.admin.dashboard import PERMISSION, buttons, fresh
from incidents.dashboard import cards, changes, now, plots, readiness, running, standings, strips
from incidents.dashboard.cards import Card
from incidents.dashboard.plots import Point
from incidents.models import Issue, Severity
from incidents.objectives import charts, figures, record, trends, words
from incidents.objectives.spans import Span
from incidents.services import policies, reach
from smsops.models import Environment
from smsops.text import bytes_text, seconds_text

DAYS = 84  # of the trends: twelve weeks


def page(request: HttpRequest, name: str) -> HttpResponse:
    """Everything, as far as this person may see it."""
    card = _card(request, name)
    user, environment = request.user, card.environment
    found, under = now.read(user, environment.pk)
    context = {
        **site.each_context(request),
        "title": str(environment),
        "environment": environment, "card": card,
        "now": now.made(user, [card.standing], found, under, [card]),
        "live_url": reverse("admin:incidents_dashboard_of_live", args=[name]),
        "later_url": reverse("admin:incidents_dashboard_of_later", args=[name]),
        "strip_said": strips.summary(card.runs) if card.runs else "",
        "ready": readiness.of(card, user) if user.has_perm("backups.view_backup") else None,
        "changes": changes.of(environment, card.standing.release, user),
        "recent": running.lately(user, environment.pk),
        **_objectives(environment, user),
    }  # fmt: skip
    return TemplateResponse(request, "admin/incidents/dashboard/of.html", context)


def _card(request: HttpRequest, name: str) -> Card:
    _may(request)
    user, environment = request.user, cards.environment(name)
    if environment is None:
        raise Http404
    runs = strips.read([environment.pk]) if user.has_perm("smsops.view_run") else {}
    copies = cards.copies([environment.pk]) if user.has_perm("backups.view_backup") else {}
    taken = runs.get(environment.pk, [])
    return Card(
        standings.of(environment), environment, taken, copies.get(environment.pk, []),
        buttons(request, environment.pk), forecast.judge(environment, taken),
    )  # fmt: skip


def _objectives(environment: Environment, user: Any) -> dict[str, Any]:
    """The figures of the last weeks against their targets, and their trends, in four questions."""
    if not user.has_perm("incidents.view_incident"):
        return {}
    window = Span(timezone.now() - timedelta(days=DAYS), timezone.now())
    (found,) = record.read([environment], window.begin, user)
    trend = trends.of(found, window, trends.WEEK)
    measured = figures.of(found, window)
    four = [words.line(measured.figures[key]) for key in ("rto", "rpo", "mttr", "mtbf")]
    return {"four": four, "notes": words.notes(measured), "charts": charts.of(trend), "trend": trend, "days": DAYS}


def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part that changes, for the script that keeps it fresh."""
    card = _card(request, name)
    found, under = now.read(request.user, card.environment.pk)
    return fresh(request, now.made(request.user, [card.standing], found, under, [card]))


def later(request: HttpRequest, name: str) -> HttpResponse:
    """What the page does not wait for: who would be woken, and how the vault grows."""
    _may(request)
    user, environment = request.user, get_object_or_404(Environment, name=name)
    context: dict[str, Any] = {"environment": environment}
    if user.has_perm("incidents.view_incident"):
        context["woken"] = _woken(environment)
    if user.has_perm("backups.view_backup"):
        context |= _room(environment)
    html = render_to_string("admin/incidents/dashboard/_of_later.html", context, request)
    return JsonResponse({"html": html}, headers={"Cache-Control": "no-store"})


def _woken(environment: Environment) -> list[str]:
    """Whom a page would reach and when, if SMS were away now and nobody answered."""
    policy = policies.closest(policies.usable(), environment.pk, Issue.SERVICE)
    if policy is None:
        return ["Nobody: no escalation policy fits."]
    return reach.levels(policies.freeze(policy), Severity.CRITICAL, timezone.now())


def _room(environment: Environment) -> dict[str, Any]:
    found = storage.of(environment)
    days = [Point(f"{day:%d %b}", float(size), bytes_text(size)) for day, size in storage.by_day(environment)]
    full = f"full in {seconds_text(found.full.total_seconds())}" if found.full else "enough as it goes on now"
    return {"storage": found, "full": full, "grown": plots.area("Backups that are here", days)}


def _may(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
