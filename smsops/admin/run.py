"""Runs in the admin: a record, live while it goes on."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path

from smsops import zones
from smsops.admin.actions import ActionForm, ObjectAction, Preview
from smsops.admin.approval import Approve, BreakGlass, Refuse, approval_of
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import on_environments
from smsops.admin.parts import page_parts, part_of
from smsops.limits import within
from smsops.models import FINAL, Run, RunState, StepState
from smsops.runs import cancel, remaining
from smsops.runs.executor import past_return
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge, seconds

ENDED = frozenset({StepState.DONE, StepState.SKIPPED, StepState.FAILED, StepState.UNDONE, StepState.STUCK})


class Cancel(ObjectAction):
    """Asks a run to stop after its present step and to undo what it did."""

    name, label, tone = "cancel", "Cancel", "danger"
    permission = "smsops.cancel_run"
    form = ActionForm

    def offered(self, target: Run) -> bool:
        return target.state not in FINAL

    def obstacle(self, target: Run) -> str:
        return "It is over." if target.state in FINAL else ""

    def preview(self, target: Run, request: HttpRequest) -> Preview:
        if past_return(list(target.steps.all())):
            return Preview(("It is past the point of no return: it finishes first, and you can go back afterwards.",))
        return Preview(("It stops after the step it is in and undoes what it did.",))

    def perform(self, target: Run, by: By, cleaned: dict[str, Any]) -> Run | str:
        return cancel.request(target, by)


@admin.register(Run)
class RunAdmin(RecordAdmin):
    nothing = on_environments("Nothing has run yet: runs begin by themselves or on an environment's page.")
    list_display = ("verdict", "title", "environment", "when", "took", "trigger", "actor_name", "second_person")
    list_display_links = ("title",)
    list_filter = ("state", "kind", "environment", "trigger", "approval__decision")
    list_select_related = ("environment",)
    presets = (
        ("Going on", "state__in=queued,running,undoing"),
        ("Needs a person", "state__exact=needs_human"),
        ("Failed", "state__in=failed_undone,failed_safe,needs_human"),
        ("By people", "trigger__in=manual,command,api"),
    )
    search_fields = ("title", "headline", "reason")
    long_sorts = ("when",)
    date_hierarchy = "created_at"
    object_actions = (Approve(), Refuse(), BreakGlass(), Cancel())
    change_form_template = "admin/smsops/run/change_form.html"

    @admin.display(description="Verdict", ordering="state")
    def verdict(self, run: Run) -> str:
        return badge(run.state, run.get_state_display())

    @admin.display(description="When", ordering="created_at")
    def when(self, run: Run) -> str:
        return ago(run.created_at)

    @admin.display(description="Took")
    def took(self, run: Run) -> str:
        return seconds(run.seconds)

    @admin.display(description="Second person")
    def second_person(self, run: Run) -> str:
        found = approval_of(run)
        return badge(found.decision, found.get_decision_display()) if found else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        found = super().get_queryset(request).select_related("environment", "actor", "approval")
        return within(found, request.user)

    def get_urls(self) -> list[URLPattern]:
        live = path("<row:pk>/live/", self.admin_site.admin_view(self.live_view), name="smsops_run_live")
        return [live, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        extra = {**(extra_context or {}), **(_live_context(run, request) if isinstance(run, Run) else {})}
        return super().change_view(request, object_id, form_url, extra)

    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of a run's page that changes, for the script that keeps it fresh (`html`), and what a screen reader
        says (`said`)."""
        run = remaining.expecting(self.get_queryset(request)).filter(pk=pk).first()
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        context = _live_context(run, request) | {"buttons": self.buttons(request, run)}
        html = render_to_string("admin/smsops/run/_live.html", context, request)
        told = context["now"].title if context["now"] else run.headline or run.cause
        said = f"{run.get_state_display()}: {told}" if told else run.get_state_display()
        return JsonResponse({"html": html, "said": zones.told(said), "finished": run.state in FINAL})


def _live_context(run: Run, request: HttpRequest) -> dict[str, Any]:
    steps = list(run.steps.all())
    ended = sum(step.state in ENDED for step in steps)
    now = next((step for step in steps if step.state not in ENDED), None)
    return {
        "run": run,
        "approval": approval_of(run),
        "steps": steps,
        "ended": ended,
        "now": None if run.state in FINAL else now,
        "left": remaining.of(run, ended, len(steps)),
        "past_return": past_return(steps),
        "needs_human": run.state == RunState.NEEDS_HUMAN,
        "part": part_of(run, request),
        "more_parts": page_parts(run, request),
        "by_hand": run.facts.get("by_hand", []),
    }
