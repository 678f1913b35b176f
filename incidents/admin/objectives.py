"""The objectives in the admin: how every environment keeps them, its trends, and the report of a month."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from incidents.admin.postmortem import as_file
from incidents.documents import markdown
from incidents.objectives import charts, figures, record, report, trends, words
from incidents.objectives.spans import Span
from smsops import audit, zones
from smsops.models import Environment
from smsops.models.audit import Sort

DAYS = (30, 90, 365)
PER_PAGE = 8  # environments of the overview; a year of each is 35,000 backups
PERMISSION = "incidents.view_incident"
TREND = ("rto", "rpo", "mttr")  # in the table beside the charts


def overview(request: HttpRequest) -> HttpResponse:
    """The four of the runbook's table for every environment, some on each page."""
    window, begins = _window(request), request.GET.get("begins", "").replace("\0", "")[:40]
    wanted = Environment.objects.filter(name__istartswith=begins) if begins else Environment.objects.all()
    page = Paginator(wanted, PER_PAGE).get_page(request.GET.get("p"))
    found = record.read(list(page.object_list), window.begin, request.user)
    tables = [(each.environment, words.table(figures.of(each, window))) for each in found]
    context = _context(request, "Objectives", window) | {"tables": tables, "page": page, "begins": begins}
    return render(request, "admin/incidents/objectives.html", context)


def environment_page(request: HttpRequest, name: str) -> HttpResponse:
    """One environment: its table, what each figure means, trends by week or month, drills apart."""
    window = _window(request)
    environment = get_object_or_404(Environment, name=name)
    (found,) = record.read([environment], window.begin, request.user)
    real, drills = figures.of(found, window), figures.of(found, window, drills=True)
    by = trends.MONTH if request.GET.get("by") == trends.MONTH else trends.WEEK
    trend = trends.of(found, window, by)
    context = {
        "environment": environment,
        "part": words.table(real),
        "drills": words.drills(drills) if drills.incidents else None,
        "explained": [(figure.target.title, words.EXPLAINED[key]) for key, figure in real.figures.items()],
        "by": by,
        "charts": charts.of(trend),
        "trend": [(label, each, [each.figures[key] for key in TREND]) for label, each in reversed(trend)],
        "months": [zones.in_house(span.begin).date() for span in reversed(trends.buckets(window, trends.MONTH))],
    }
    title = f"Objectives of {environment}"
    return render(request, "admin/incidents/objectives_of.html", _context(request, title, window) | context)


def month_page(request: HttpRequest, name: str, month: str) -> HttpResponse:
    """The report of a month; with `?as=md` or `?as=pdf` as a file."""
    _may(request)
    environment = get_object_or_404(Environment, name=name)
    try:
        span = trends.month(month)
    except ValueError:
        raise Http404 from None
    document = report.of(environment, span, request.user)
    form = request.GET.get("as", "")
    if form in ("md", "pdf"):
        audit.record("objectives.export", environment, sort=Sort.TAKEN, given={"month": month, "form": form})
        return as_file(f"{environment.name}-{month}.{form}", document.title, markdown.of(document))
    context = site.each_context(request) | {
        "title": document.title, "document": document, "environment": environment, "month": month,
    }  # fmt: skip
    return render(request, "admin/incidents/objectives_month.html", context)


def _may(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _window(request: HttpRequest) -> Span:
    """The last 30, 90 or 365 days, as asked for."""
    _may(request)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, DAYS) else 90
    now = timezone.now()
    return Span(now - timedelta(days=days), now)


def _context(request: HttpRequest, title: str, window: Span) -> dict[str, Any]:
    days = round((window.end - window.begin) / timedelta(days=1))
    return {**site.each_context(request), "title": title, "days": days, "all_days": DAYS}
