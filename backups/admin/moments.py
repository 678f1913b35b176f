"""Restores to a moment in the admin: the page where one is picked, and the button that does it (B9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone

from backups.models import LogFollowing
from backups.services import following, log_rescues, moments
from backups.wal.coverage import Span
from smsops import zones
from smsops.admin.actions import DestructiveForm, Preview
from smsops.admin.planned import ExclusiveAction
from smsops.admin.typed import Typed
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs import history
from smsops.runs.plan import By

CHOICES = 12  # runs that are offered as “just before”


class MomentForm(DestructiveForm):
    """Asks for the moment."""

    prefilled: ClassVar[tuple[str, ...]] = ("at",)
    at = forms.CharField(label="Moment", max_length=40, help_text="Like 2026-03-01 14:05:09, or with fractions.")
    field_order: Sequence[str] = ("at", "typed_name", "reason")

    def clean_at(self) -> datetime:
        try:
            return moments.in_utc(self.cleaned_data["at"])
        except WrongUse as error:
            raise forms.ValidationError(error.message) from error


class RestoreToMoment(ExclusiveAction):
    """Restores the database as it was at a moment."""

    name, label, tone = "restore-to", "Restore to a moment…", "danger"
    permission = "smsops.restore_environment"
    form = MomentForm

    def refusal(self, target: Environment) -> str:
        known = following.of(target) or log_rescues.reachable(target)
        return "" if known else "The log of this environment is not followed."

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        said: tuple[str, ...] = ()
        if at := request.GET.get("at") or request.POST.get("at"):
            try:
                plan = moments.plan(target, moments.in_utc(at))
                return Preview(plan.notes, plan)
            except WrongUse as error:  # the form stays, so that another moment can be given
                said = (error.message,)
        found = moments.spans(target)
        known = f"Every commit from {zones.shown(found[0].start)} on." if found else "Nothing yet."
        back = "The data goes back to the last commit at or before the moment you give; what was written since is lost."
        return Preview((*said, back, known, history.told(target, "restore")))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return moments.start(target, cleaned["at"], by)


class LogFollowingInline(Typed, admin.StackedInline):  # type: ignore[type-arg]
    """Whether the log is followed, on the environment's page."""

    model = LogFollowing
    can_delete = False
    verbose_name = verbose_name_plural = "Point in time"
    classes = ("collapse", "fold")
    fields = ("enabled", "keep_days", "state")
    readonly_fields = ("state",)

    @admin.display(description="State")
    def state(self, row: LogFollowing) -> str:
        if not row.pk:
            return "not followed"
        if following.beginning(row):
            return zones.told(following.problem_of(row)) or "waiting for its follower, which looks within seconds"
        counted = f"; {row.commits:,} commits kept by the present follower" if row.commits else ""
        return zones.told(following.problem_of(row)) or f"followed{counted}"


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show which moments can be had, to somebody who may see backups."""
    if not (request.user.has_perm("backups.view_backup") and request.user.has_perm("smsops.view_environment")):
        raise PermissionDenied
    environment = get_object_or_404(Environment, pk=pk)
    row = following.of(environment)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Moments of {environment}",
        "environment": environment,
        "following": row,
        "problem": following.problem_of(row) if row else "",
        "long": row is not None and row.log_bytes > following.LONG,
        "spans": drawn(until_now(moments.spans(environment), row)) if row else [],
        "befores": befores(environment),
        "may": request.user.has_perm(RestoreToMoment.permission),
        "zone": timezone.get_current_timezone_name(),
    }
    return TemplateResponse(request, "admin/backups/moments.html", context)


def until_now(found: list[Span], row: LogFollowing) -> list[Span]:
    """The spans, the last one to when the follower last looked: nothing was committed since, so nothing is missing."""
    if not found or row.looked_at is None or (row.gap_at is not None and row.gap_at > found[-1].end):
        return found
    return [*found[:-1], replace(found[-1], end=max(found[-1].end, row.looked_at))]


def drawn(found: list[Span]) -> list[dict[str, Any]]:
    """The spans with where they lie on a line from the first to the last, in percent."""
    if not found:
        return []
    first, whole = found[0].start, max(timedelta(seconds=1), found[-1].end - found[0].start)
    return [
        {
            "span": span,
            "left": round((span.start - first) / whole * 100, 2),
            "width": max(0.5, round((span.end - span.start) / whole * 100, 2)),
        }
        for span in found
    ]


def befores(environment: Environment) -> list[dict[str, Any]]:
    """The moments just before the last runs that changed SMS."""
    runs = Run.objects.filter(environment=environment, disturbs=True).order_by("-created_at")[:CHOICES]
    return [{"run": run, "at": moments.before(run)} for run in runs]
