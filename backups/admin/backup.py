"""Backups in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from backups.admin import outlook
from backups.admin.pins import Pin, Unpin
from backups.admin.rows import Compare, PutBack
from backups.models import Backup
from backups.services import backups, rescues, restore_tests, restores
from smsops.admin.actions import ActionForm, DestructiveForm, Preview
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import on_environments
from smsops.admin.planned import ExclusiveAction, PlannedAction
from smsops.models import Run
from smsops.runs.plan import By, Plan
from smsops.templatetags.smsops_ui import ago, badge, size

RARE = ("source", "pinned", "damage", "orphans")


class Verify(PlannedAction):
    """Reads the backup back and checks everything."""

    name, label = "verify", "Verify"
    permission = "backups.verify_backup"
    form = ActionForm

    def plan(self, target: Backup) -> Plan:
        return backups.plan_verification(target)

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> Run:
        return backups.verify(target, by)


class Restore(ExclusiveAction, PlannedAction):
    """Puts the backup in the database's place."""

    name, label, tone, place = "restore", "Restore…", "danger", 1
    permission = "smsops.restore_environment"
    form = DestructiveForm

    def refusal(self, target: Backup) -> str:
        return f"This backup is damaged: {target.damage} Choose an older one." if target.damage else ""

    def plan(self, target: Backup) -> Plan:
        return restores.plan(target)

    def preview(self, target: Backup, request: HttpRequest) -> Preview:
        plan = self.plan(target)
        return Preview(plan.notes, plan, parts=(outlook.part(target, request),))

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> Run:
        return restores.start(target, by)


class ProveIt(PlannedAction):
    """Starts SMS on a copy of the backup: the only proof that counts."""

    name, label = "prove", "Prove it…"
    permission = "backups.verify_backup"
    form = ActionForm

    def obstacle(self, target: Backup) -> str:
        return f"This backup is damaged: {target.damage}" if target.damage else ""

    def plan(self, target: Backup) -> Plan:
        return restore_tests.plan(target)

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> Run:
        return restore_tests.start(target, by)


class BringBack(PlannedAction):
    """Mends the backup from a copy elsewhere."""

    name, label = "bring-back", "Bring back…"
    permission = "backups.verify_backup"
    form = ActionForm

    def obstacle(self, target: Backup) -> str:
        return "" if target.replicas.exists() else "No off-site vault has a copy of it."

    def plan(self, target: Backup) -> Plan:
        return rescues.plan(target)

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> Run:
        return rescues.start(target, by)


@admin.register(Backup)
class BackupAdmin(RecordAdmin):
    nothing = on_environments("No backup yet: the first one is taken on an environment's page.")
    list_display = (
        "proven",
        "identifier",
        "environment",
        "age",
        "data_size",
        "stored",
        "release_version",
        "reason",
    )
    list_display_links = ("identifier",)
    list_filter = ("environment", "proof", "reason", "pinned")
    list_select_related = ("environment",)
    presets = (
        ("SMS ran on it", "proof__exact=started"),
        ("Nothing proven yet", "proof__exact=stored"),
        ("Kept for good", "pinned__exact=1"),
    )
    search_fields = ("identifier", "release_version", "source")
    search_help_text = "Search by identifier, release or the name of an adopted file."
    date_hierarchy = "taken_at"
    long_sorts = ("age",)
    object_actions = (Restore(), Compare(), PutBack(), ProveIt(), Verify(), BringBack(), Pin(), Unpin())
    in_bulk = ("pin", "unpin", "verify")
    fieldsets = (
        (
            None,
            {"fields": ("proven", "environment", "identifier", "age", "reason", "source", "run", "pinned", "damage")},
        ),
        ("What is in it", {"fields": ("release_version", "schema_revision", "students", "rows", "orphans")}),
        ("How it is stored", {"fields": ("data_size", "stored", "copies", "root", "image_id")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Backup | None = None) -> Any:
        """Without what nearly every backup does not have, where this one has none of it either."""
        rare = {name for name in RARE if obj is not None and not getattr(obj, name)}
        found = super().get_fieldsets(request, obj)
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in rare]})
            for title, options in found
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Backup]:
        return super().get_queryset(request).select_related("environment", "run")

    @admin.display(description="Proof", ordering="proof")
    def proven(self, backup: Backup) -> str:
        return badge("damaged", "Damaged") if backup.damage else badge(backup.proof, backup.get_proof_display())

    @admin.display(description="Age", ordering="-taken_at")
    def age(self, backup: Backup) -> str:
        return ago(backup.taken_at)

    @admin.display(description="Size", ordering="size")
    def data_size(self, backup: Backup) -> str:
        return size(backup.size)

    @admin.display(description="Stored", ordering="stored_size")
    def stored(self, backup: Backup) -> str:
        return size(backup.stored_size)

    @admin.display(description="Where it is")
    def copies(self, backup: Backup) -> str:
        names = [replica.vault.name for replica in backup.replicas.select_related("vault")]
        return ", ".join((["here"] if backup.here else []) + names) or "nowhere"

    @admin.display(description="Students")
    def students(self, backup: Backup) -> str:
        return f"{backup.row_counts.get('students', 0):,}"

    @admin.display(description="Rows")
    def rows(self, backup: Backup) -> str:
        return ", ".join(f"{table} {count:,}" for table, count in sorted(backup.row_counts.items()))
