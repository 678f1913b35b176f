"""Checks in the admin: the list of what they said, the last of each on the environment's page, and the buttons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from deployments import selectors
from deployments.models import CheckResult, Release
from deployments.models.check import CheckVerdict
from deployments.services import preflight
from smsops.admin.actions import ObjectAction, Preview
from smsops.admin.base import RecordAdmin
from smsops.admin.parts import PagePart
from smsops.models import Environment, Run
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge


class Shown:
    """What a check said, as a badge, and when."""

    @admin.display(description="Verdict", ordering="verdict")
    def said(self, result: CheckResult) -> str:
        return badge(result.verdict, result.get_verdict_display())

    @admin.display(description="When", ordering="at")
    def when(self, result: CheckResult) -> str:
        return ago(result.at)


@admin.register(CheckResult)
class CheckResultAdmin(Shown, RecordAdmin):
    list_display = ("said", "title", "environment", "detail", "when", "release", "run", "on_copy")
    list_display_links = ("title",)
    list_filter = ("verdict", "environment", "key", "on_copy")
    list_select_related = ("environment", "release", "run")
    search_fields = ("title", "detail")
    date_hierarchy = "at"
    long_sorts = ("when",)
    fields = ("said", "title", "environment", "detail", "fix", "at", "seconds", "section", "key", "stage",
              "release", "run", "on_copy")  # fmt: skip


class LastChecks(Shown, admin.TabularInline):  # type: ignore[type-arg]
    """What each check said last, on the environment's page."""

    model = CheckResult
    verbose_name_plural = "Checks: what each said last"
    fields = readonly_fields = ("said", "title", "detail", "fix", "when", "failing")
    ordering = ("stage", "pk")
    extra = 0
    can_delete = False
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CheckResult]:
        return selectors.latest_checks().order_by(*self.ordering)

    @admin.display(description="Failing since")
    def failing(self, result: Any) -> str:
        return ago(result.failing_since) if result.verdict == CheckVerdict.FAIL else ""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CheckNow(ObjectAction):
    """Asks the checklist of whatever runs, without a run."""

    name, label, place = "check", "Check now", 4
    permission = "smsops.check_environment"

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        notes = ["The verification checklist of runbook §3 is asked of the running SMS; nothing is changed."]
        if target.rate_limit_check:
            notes.append("Its rate limit is used up for a minute, as the environment allows.")
        return Preview(tuple(notes))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> str:
        return told(preflight.ask_checklist(target))


class CheckPreconditions(ObjectAction):
    """Asks the preconditions of a release, without a run."""

    name, label = "preflight", "Check preconditions"
    permission = "smsops.check_environment"

    def preview(self, target: Release, request: HttpRequest) -> Preview:
        return Preview(("The preconditions of runbook §1 are asked for this release; nothing is changed.",))

    def perform(self, target: Release, by: By, cleaned: dict[str, Any]) -> str:
        return told(preflight.ask_preconditions(target))


def told(results: Sequence[CheckResult]) -> str:
    """What came of it, in a sentence or two."""
    counted = Counter(result.verdict for result in results)
    words = [f"{counted[each]} {each.label.lower()}" for each in CheckVerdict if counted[each]]
    bad = [f"{each.title}: {each.detail} {each.fix}".strip() for each in results if each.verdict == CheckVerdict.FAIL]
    return " ".join([f"{len(results)} checks: {', '.join(words)}.", *bad])


def not_passed(run: Run, request: HttpRequest) -> dict[str, Any]:
    """What the checks of a run did not pass, for its page; nothing where none were asked."""
    results = list(run.check_results.order_by("at", "pk"))
    if not results:
        return {}
    where = reverse("admin:deployments_checkresult_changelist")
    return {
        "count": len(results),
        "results": [result for result in results if result.verdict in (CheckVerdict.FAIL, CheckVerdict.WARN)],
        "address": f"{where}?run__id__exact={run.pk}" if request.user.has_perm("deployments.view_checkresult") else "",
    }


NOT_PASSED = PagePart("admin/deployments/_checks.html", not_passed)
