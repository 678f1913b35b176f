"""Fields in which the breaking changes on the way are acknowledged, one release at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from django import forms

from deployments.models import Release
from deployments.services import crossing
from deployments.sources.outline import plain
from smsops.admin.actions import ActionForm
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for


class AcknowledgingForm(ActionForm):
    """A field per breaking release, with its text; those on the way to the chosen release must be ticked."""

    disturbing = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.running: Instance | None = None
        target: Any = self.target
        place = target.environment if isinstance(target, Release) else target
        with contextlib.suppress(OpsError):  # an engine that is away is the page's obstacle, not the form's
            self.running = runtime_for(place).inspect(place.instance)
        for release in self.asked_of():
            self.fields[_name(release)] = forms.BooleanField(
                label=f"I have read what {release.version} breaks", required=False, help_text=plain(release.breaking)
            )
        self.order_fields([*(self.field_order or ()), *map(_name, self.asked_of()), "reason"])

    def asked_of(self) -> Sequence[Release]:
        """The breaking releases that have a field."""
        return ()

    def chosen(self, cleaned: dict[str, Any]) -> Release | None:
        """The release that would be deployed."""
        return self.target if isinstance(self.target, Release) else cleaned.get("release")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        release = self.chosen(cleaned)
        crossed = crossing.crossed(release, self.running) if release is not None else ()
        ticked = [each for each in crossed if cleaned.get(_name(each))]
        for each in crossed:
            if each not in ticked:
                self.add_error(_name(each), f"Read what {each.version} breaks, and tick this.")
        cleaned["acknowledged"] = [each.version for each in ticked]
        return cleaned


class DeployForm(AcknowledgingForm):
    """For one release: what it crosses."""

    def asked_of(self) -> Sequence[Release]:
        return crossing.crossed(self.target, self.running) if isinstance(self.target, Release) else ()


class DeployToForm(AcknowledgingForm):
    """Asks which release."""

    prefilled = ("release",)
    release = forms.ModelChoiceField(Release.objects.none(), empty_label=None)
    field_order: Sequence[str] = ("release",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["release"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Release.objects.filter(environment_id=self.target.pk).exclude(image_id="")

    def asked_of(self) -> Sequence[Release]:
        return crossing.ahead(self.target, self.running) if isinstance(self.target, Environment) else ()


def _name(release: Release) -> str:
    return f"breaking_{release.pk}"
