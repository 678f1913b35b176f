"""Releases in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from deployments.admin import rehearsed
from deployments.admin.acknowledgement import DeployForm, DeployToForm
from deployments.admin.images import Build
from deployments.models import Release
from deployments.rto import scenarios, table, words
from deployments.services import crossing, deploys, rehearsals, releases
from deployments.sources.outline import outline, plain
from smsops.admin.actions import ObjectAction, Preview
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import on_environments
from smsops.admin.planned import ExclusiveAction, PlannedAction
from smsops.models import Environment, Risk, Run
from smsops.runs.plan import By, Plan
from smsops.templatetags.smsops_ui import badge
from smsops.text import count_text


class Deploy(ExclusiveAction, PlannedAction):
    """Deploys the release to its environment."""

    name, label = "deploy", "Deploy…"
    permission = "smsops.deploy_environment"
    form = DeployForm

    def refusal(self, target: Release) -> str:
        if target.image_id:
            return ""
        return f"Release {target.version} has no image here; build or load it, then import the releases again."

    def plan(self, target: Release) -> Plan:
        return deploys.plan_deploy(target)

    def preview(self, target: Release, request: HttpRequest) -> Preview:
        parts, plan = rehearsed.beside_deploy(target, request), self.plan(target)
        notes = [note for note in plan.notes if not any(part["result"].says(note) for part in parts)]
        notes = [note for note in notes if not note.startswith(crossing.BREAKS)]  # each stands beside its own tick
        return Preview(notes, plan, parts)

    def perform(self, target: Release, by: By, cleaned: dict[str, Any]) -> Run:
        return deploys.deploy(target, by, cleaned["acknowledged"])


class Rehearse(PlannedAction):
    """Rehearses the release on a copy; SMS does not notice."""

    name, label = "rehearse", "Rehearse…"
    permission = "smsops.deploy_environment"

    def obstacle(self, target: Release) -> str:
        return "" if target.image_id else f"Release {target.version} has no image here; build or load it first."

    def plan(self, target: Release) -> Plan:
        return rehearsals.plan(target)

    def perform(self, target: Release, by: By, cleaned: dict[str, Any]) -> Run:
        return rehearsals.start(target, by)


class DeployTo(ExclusiveAction):
    """Deploys a release that is chosen on the page."""

    name, label, place = "deploy", "Deploy…", 2
    permission = "smsops.deploy_environment"
    form = DeployToForm

    def refusal(self, target: Environment) -> str:
        if Release.objects.filter(environment=target).exclude(image_id="").exists():
            return ""
        return "There is no release with an image yet; import the releases first."

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        notes = (
            "A verified backup is taken first. Whether SMS is away meanwhile is said on the release's own page.",
            "If it does not become healthy and ready, fails the checklist or damages data, everything is undone.",
            "Breaking changes on the way to the chosen release are to be acknowledged, each by itself.",
            f"{scenarios.DEPLOY.title}: {words.sentence(table.row(target, scenarios.DEPLOY))}.",
        )  # fmt: skip
        parts = rehearsed.of_environment(target, request)
        return Preview(notes, parts=parts, risk=Risk.DISTURBING)  # every deploy disturbs

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return deploys.deploy(cleaned["release"], by, cleaned["acknowledged"])


class ImportReleases(ObjectAction):
    """Reads the repository's tags and the engine's images again."""

    name, label = "import", "Import releases"
    permission = "smsops.deploy_environment"

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        return Preview(
            ("The tags of the source repository and the images in the engine are read; SMS is not touched.",)
        )

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> str:
        found, oddities = releases.import_all(target)
        return " ".join([f"{count_text(len(found), 'release is', 'releases are')} known now.", *oddities])


@admin.register(Release)
class ReleaseAdmin(RecordAdmin):
    nothing = on_environments("No release is known yet: they are imported on an environment's page.")
    list_display = ("version", "environment", "image", "released_on", "heads", "breaks", "notes")
    list_filter = ("environment",)
    list_select_related = ("environment",)
    search_fields = ("version", "changelog")
    object_actions = (Deploy(), Rehearse(), Build())
    fieldsets = (
        (None, {"fields": ("environment", "version", "image", "released_on", "breaking_changes", "notes")}),
        ("What changes", {"fields": ("changes",)}),
        (
            "What it is exactly",
            {"fields": ("git_ref", "commit", "committed_at", "image_id", "heads", "revisions", "imported_at")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        return super().get_queryset(request).select_related("environment")

    @admin.display(description="Image")
    def image(self, release: Release) -> str:
        if release.available:
            return badge("pass", "Ready")
        return badge("info", "Archived") if release.archived_at else badge("warn", "Missing")

    @admin.display(description="Changelog")
    def changes(self, release: Release) -> str:
        lines = outline(release.changelog)
        return render_to_string("admin/deployments/_changelog.html", {"lines": lines}) if lines else "—"

    @admin.display(description="Breaking changes")
    def breaking_changes(self, release: Release) -> str:
        return plain(release.breaking) or "none"

    @admin.display(description="Breaking", boolean=False)
    def breaks(self, release: Release) -> str:
        return badge("warn", "Breaking") if release.breaking else ""
