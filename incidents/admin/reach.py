"""What pages of incidents and of what belongs to them share: private ones are nowhere for those who may not
see them, and their words are in no history."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from incidents.models import Incident
from incidents.privacy import seen_by
from smsops.admin.base import OperationsAdmin
from smsops.text import number_in


class Discreet(OperationsAdmin):
    """Rows as private as their incident; `to_incident` leads from a row to it. What somebody may not see is, at its own
    address as well, as if it had never been there."""

    to_incident = "incident__"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(seen_by(request.user, self.to_incident))

    def _get_obj_does_not_exist_redirect(self, *_: Any) -> NoReturn:
        raise Http404  # Django would go to the front page and name the number

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        return self._quietly(request, obj, ADDITION) or super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        return self._quietly(request, obj, CHANGE) or super().log_change(request, obj, message)

    def _quietly(self, request: HttpRequest, obj: Model, flag: int) -> LogEntry | None:
        """That something was done, not what: histories are read in places that know nothing of incidents."""
        incident = obj if isinstance(obj, Incident) else getattr(obj, "incident", None)
        if incident is None or not incident.private:
            return None
        kind, who = ContentType.objects.get_for_model(obj), request.user.pk or 0
        return LogEntry.objects.create(
            user_id=who, content_type=kind, object_id=str(obj.pk), object_repr=str(incident), action_flag=flag
        )


class NumberOfIncident(ForeignKeyRawIdWidget):
    """Says which incident the number in the field is, to those who may see that one."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        number = number_in(str(value))
        seen = number is not None and Incident.objects.filter(seen_by(self.user), pk=number).exists()
        return super().label_and_url_for_value(value) if seen else ("", "")


class OfIncident(Discreet):
    """What follows an incident: somebody's, at an environment."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("incident__environment", "owner")
