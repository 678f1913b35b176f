"""The object of an entry as a link, and what was before and after as a table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from smsops.audit import discretion
from smsops.models import AuditEntry

MOST = 50  # entries of the same request


def link_to(entry: AuditEntry) -> SafeString | str:
    """To the object's page, where there is one; whether the object is still there is seen by going to it."""
    where = address_of(entry)
    return format_html('<a href="{}">{}</a>', where, entry.about) if where else entry.about


def address_of(entry: AuditEntry) -> str:
    """The page of the object; empty where none is known."""
    model = next((model for model in site._registry if model._meta.model_name == entry.kind), None)
    if model is None or not entry.number.isdecimal():
        return ""
    try:
        return reverse(f"admin:{model._meta.app_label}_{entry.kind}_change", args=[entry.number])
    except NoReverseMatch:
        return ""


def part_of_entry(entry: AuditEntry, request: HttpRequest) -> dict[str, Any]:
    """What changed, what was asked for, and what else was done by the same request or command."""
    if entry.masked:  # type: ignore[attr-defined]
        return {"masked": True}
    rows = [{"name": name, "before": before, "after": after} for name, (before, after) in sorted(entry.changes.items())]
    others: list[AuditEntry] = []
    if entry.together:
        found = AuditEntry.objects.filter(together=entry.together).exclude(pk=entry.pk)
        others = list(found.exclude(scope__in=discretion.hidden_from(request.user)).order_by("sequence")[:MOST])
    return {"changes": rows, "given": sorted(entry.given.items()), "others": others, "shown": True}
