"""Post-deployment tasks in the admin: the ops lead edits them, a person's are marked as done with a note."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from deployments.models import PostTask
from deployments.services import post_tasks
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.admin.base import OperationsAdmin
from smsops.admin.nothing import Nothing
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge, until


class NoteForm(ReasonedForm):
    """Asks what was done."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "What was done"
        self.fields["reason"].help_text = "The note is the evidence."


class MarkDone(ObjectAction):
    """Says that a person's task was done."""

    name, label = "done", "Mark as done…"
    permission = "deployments.complete_posttask"
    form = NoteForm

    def obstacle(self, target: PostTask) -> str:
        return f"It is done by a run ({target.kind}); the run is the evidence." if target.kind else ""

    def preview(self, target: PostTask, request: HttpRequest) -> Preview:
        due = post_tasks.next_due(target.frequency, timezone.now())
        again = f"on {due:%Y-%m-%d}" if due else "with the next release"
        return Preview(("It counts as done, by you; what you write is the evidence.", f"It is due again {again}."))

    def perform(self, target: PostTask, by: By, cleaned: dict[str, Any]) -> str:
        post_tasks.mark_done(target, by)
        return f"“{target.title}” is done."


class OverdueFilter(admin.SimpleListFilter):
    """What should have been done by now."""

    title, parameter_name = "overdue", "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PostTask]) -> QuerySet[PostTask]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(enabled=True, due_at__lt=timezone.now())


@admin.register(PostTask)
class PostTaskAdmin(OperationsAdmin):
    nothing = Nothing("Nothing is to be done after a deploy.")
    list_display = ("title", "environment", "owner", "frequency", "done_with", "done_at", "due")
    list_filter = (OverdueFilter, "environment", "frequency", "enabled")
    list_select_related = ("environment",)
    presets = (("Overdue", "overdue=yes"),)
    search_fields = ("title", "owner")
    object_actions = (MarkDone(),)
    in_bulk = ("done",)
    fields = (
        "environment", "title", "owner", "frequency", "when", "kind", "enabled", "due_at",
        "done_at", "done_by", "evidence",
    )  # fmt: skip
    readonly_fields = ("done_at", "done_by", "evidence")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PostTask]:
        return super().get_queryset(request).select_related("environment", "done_run")

    @admin.display(description="Done by")
    def done_with(self, task: PostTask) -> str:
        return f"runs: {task.kind}" if task.kind else "a person"

    @admin.display(description="Due", ordering="due_at")
    def due(self, task: PostTask) -> str:
        if task.overdue:
            return badge("overdue", f"Overdue since {timezone.localtime(task.due_at):%Y-%m-%d}")
        return until(task.due_at) if task.due_at and task.enabled else "—"

    @admin.display(description="Evidence")
    def evidence(self, task: PostTask) -> str:
        if task.done_run is None:
            return task.note or "none"
        link = format_html('<a href="{}">{}</a>', task.done_run.get_absolute_url(), task.done_run.title)
        return format_html("{}, {}: {}", link, ago(task.done_at), task.note)
