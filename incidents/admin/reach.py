"""What pages after an incident have in common: private ones are nowhere for those who may not see them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from incidents.privacy import seen_by
from smsops.admin.base import OperationsAdmin


class OfIncident(OperationsAdmin):
    """Rows of an incident, as private as it is."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request).filter(seen_by(request.user, "incident__"))
        return found.select_related("incident__environment", "owner")
