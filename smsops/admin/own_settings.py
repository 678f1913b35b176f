"""What everybody sets for themselves: the zone in which pages tell them the time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from smsops import zones
from smsops.admin.site import add_page
from smsops.audit.recording import record
from smsops.models import OwnSettings
from smsops.models.audit import Sort


class ZoneForm(forms.Form):
    """One zone out of those of the world."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        help_text="Every time on your pages is told in it, and read in it from forms.",
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", f"The one of the installation ({zones.house()})"),
            *((each, each) for each in zones.names()),
        ]


def page(request: HttpRequest) -> HttpResponse:
    """Show the zone, and take another."""
    present = OwnSettings.objects.filter(user=request.user).first()  # type: ignore[misc]
    form = ZoneForm(request.POST or None, initial={"time_zone": present.time_zone if present else ""})
    if request.method == "POST" and form.is_valid():
        _keep(request, present.time_zone if present else "", form.cleaned_data["time_zone"])
        return HttpResponseRedirect(reverse("admin:own_settings"))
    context = {"title": "Your time zone", "form": form, "now": timezone.now()}
    return render(request, "admin/smsops/own_settings.html", site.each_context(request) | context)


def _keep(request: HttpRequest, before: str, name: str) -> None:
    user: Any = request.user
    with transaction.atomic():
        OwnSettings.objects.update_or_create(user=user, defaults={"time_zone": name})
        if before != name:
            changes = {"time_zone": (before or str(zones.house()), name or str(zones.house()))}
            record("user.time_zone", user, sort=Sort.FORM, changes=changes)
    zones.remember(request, name)
    messages.success(request, f"Times are told in {name or zones.house()} from now on.")


add_page("account/time-zone/", "own_settings", page)
