"""The search in the admin."""

from __future__ import annotations

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from incidents.searching import search
from smsops.errors import WrongUse


def page(request: HttpRequest) -> HttpResponse:
    """Words in, incidents out, the best first."""
    if not request.user.has_perm("incidents.view_incident"):
        raise PermissionDenied
    asked, problem, found = request.GET.get("q", "").strip(), "", []
    try:
        found = search.find(asked, request.user)
    except WrongUse as error:
        problem = str(error)
    context: dict[str, object] = {"title": "Search", "asked": asked, "found": found, "problem": problem}
    context |= {"many": len(found) == search.MOST, "compared": search.compared()}
    return render(request, "admin/incidents/search.html", site.each_context(request) | context)
