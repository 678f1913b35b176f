"""Uploading a backup from elsewhere, on the environment's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from backups.adoption import names
from backups.services import adoptions
from smsops.admin.actions import ActionForm, Preview
from smsops.admin.planned import ExclusiveAction
from smsops.admin.typed import MomentField
from smsops.models import Environment, Run
from smsops.runs import history
from smsops.runs.plan import By
from smsops.text import bytes_text


class AdoptForm(ActionForm):
    """Asks for the file and, where its name does not tell, for the time."""

    file = forms.FileField(label="File", max_length=200)
    taken_at = MomentField(
        label="Taken at", required=False, help_text="In the school's own time. Empty: as the name says."
    )
    field_order: Sequence[str] = ("file", "taken_at", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = bytes_text(settings.SMSOPS_UPLOAD_BYTES)
        self.fields["file"].help_text = f"At most {most}; a larger one is adopted on the server: ops adopt."

    @property
    def environment(self) -> Environment:
        assert isinstance(self.target, Environment)
        return self.target

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.SMSOPS_UPLOAD_BYTES:
            raise forms.ValidationError("It is larger than that; put it on the server and use “ops adopt”.")
        return file

    def clean_taken_at(self) -> datetime | None:
        """The given time is read in the school's own zone, like those in names."""
        given: datetime | None = self.cleaned_data["taken_at"]
        zone = adoptions.zone_of(self.environment)
        if given is not None:
            return timezone.make_naive(given).replace(tzinfo=zone)
        file = self.cleaned_data.get("file")
        if file is not None and names.taken_at(file.name, zone) is None:
            raise forms.ValidationError("The file's name does not tell when the data is from; say so here.")
        return None


class Adopt(ExclusiveAction):
    """Makes a backup of an uploaded file."""

    name, label = "adopt", "Adopt a backup…"
    permission = "backups.adopt_backup"
    form = AdoptForm

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        return Preview((*adoptions.notes(), history.told(target, adoptions.KIND)))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        file = cleaned["file"]
        return adoptions.upload(target, file.name, file.chunks(), by, cleaned["taken_at"])
