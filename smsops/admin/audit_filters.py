"""The filters of the audit trail's list, from what its newest entries have: a long trail costs no more than a short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from smsops.audit import discretion
from smsops.models import AuditEntry

NEWEST = 5000  # entries that are looked at for choices
MOST = 60  # choices
ANYBODYS = frozenset({"p", "all", "o", "e", "at__year", "at__month", "at__day", "at__gte", "at__lt"})


def narrows(asked: Iterable[str]) -> bool:
    """Whether somebody looks for more than a time: then what they may not read is left out, or they could guess it."""
    return any(name not in ANYBODYS for name in asked)


def hidden(request: HttpRequest) -> list[str]:
    """The scopes whoever asks may not read, looked up once."""
    if not hasattr(request, "audit_hidden"):
        request.audit_hidden = discretion.hidden_from(request.user)  # type: ignore[attr-defined]
    found: list[str] = request.audit_hidden  # type: ignore[attr-defined]
    return found


class ColumnFilter(admin.SimpleListFilter):
    """The values of one column."""

    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = AuditEntry.objects.order_by("-sequence").values("sequence")[:NEWEST]
        found = AuditEntry.objects.filter(sequence__in=newest).exclude(scope__in=hidden(request))
        values = found.exclude(**{self.column: ""}).order_by(self.column).values_list(self.column, flat=True).distinct()
        return [(value, value) for value in values[:MOST]]

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        asked: Mapping[str, Any] = {self.column: self.value()}
        return queryset.filter(**asked) if self.value() else queryset


class PersonFilter(ColumnFilter):
    title, parameter_name, column = "who", "by", "who"


class ActionFilter(ColumnFilter):
    title, parameter_name, column = "what", "did", "action"


class KindFilter(ColumnFilter):
    title, parameter_name, column = "object", "of", "kind"


class DoorFilter(admin.ChoicesFieldListFilter):
    """Through which door somebody came."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "door"
