"""Checks in the admin: the list of what they said, the last of each on the environment's page, and the buttons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from deployments import selectors
from deployments.models import CheckResult, Release
from deployments.models.check import CheckVerdict
from deployments.services import preflight
from smsops.admin.actions import ObjectAction, Preview
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import on_environments
from smsops.admin.parts import PagePart
from smsops.models import Environment, Run
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge
from smsops.text import count_text


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
    nothing = on_environments("No check has run yet: they run on an environment's page.")
    list_display = ("said", "title", "environment", "detail", "when", "release", "run", "on_copy")
    list_display_links = ("title",)
    list_filter = ("verdict", "environment", "key", "on_copy")
    list_select_related = ("environment", "release", "run")
    presets = (
        ("Failed", "verdict__exact=fail"),
        ("Warnings", "verdict__exact=warn"),
    )
    search_fields = ("title", "detail")
    date_hierarchy = "at"
    long_sorts = ("when",)
    fields = ("said", "title", "environment", "detail", "fix", "at", "seconds", "section", "key", "stage",
              "release", "run", "on_copy")  # fmt: skip


def last_of(environment: Environment, request: HttpRequest) -> dict[str, Any]:
    """What each check said last, for those who see checks."""
    if not request.user.has_perm("deployments.view_checkresult"):
        return {}
    found = list(selectors.latest_checks().filter(environment=environment).order_by("stage", "pk"))
    return {"results": found} if found else {}


LAST = PagePart("admin/deployments/_last_checks.html", last_of)


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
    return " ".join([f"{count_text(len(results), 'check')}: {', '.join(words)}.", *bad])


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
