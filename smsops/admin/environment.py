"""Environments in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from smsops.admin.base import OperationsAdmin
from smsops.admin.nothing import Nothing
from smsops.models import Environment

SECRETS = ("smoke_password", "database_url")


def secret_field(more: str = "") -> forms.CharField:
    """A field that takes a secret and never shows it."""
    return forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=f"{more}Stored encrypted, never shown. Empty: keep the present one.",
    )


class EnvironmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Never shows the secrets; an empty field keeps the stored one."""

    smoke_password = secret_field()
    database_url = secret_field("PostgreSQL: like “postgresql://user:password@host:5432/name”. ")

    class Meta:
        model = Environment
        exclude: tuple[str, ...] = ()

    def clean_checks_off(self) -> object:
        return self.cleaned_data["checks_off"] or {}

    def clean_smoke_password(self) -> str:
        return str(self.cleaned_data["smoke_password"] or self.instance.smoke_password)

    def clean_database_url(self) -> str:
        return str(self.cleaned_data["database_url"] or self.instance.database_url)


@admin.register(Environment)
class EnvironmentAdmin(OperationsAdmin):
    nothing = Nothing(
        "smsops takes care of no SMS yet.", "Add the first environment", "backups_first_run", "smsops.add_environment"
    )
    form = EnvironmentForm
    list_display = ("name", "title", "runtime", "instance", "base_url", "backup_minutes", "backups_enabled")
    list_display_links = ("name", "title")
    list_filter = ("runtime", "backups_enabled")
    search_fields = ("name", "title")
    readonly_fields = ("created_at",)
    fieldsets = (
        (None, {"fields": ("name", "title", "preset", "runtime", "base_url")}),
        (
            "Where SMS runs",
            {"fields": ("instance", "image", "volume", "data_path", "database_engine", "database_file",
                        "database_url", "env_file", "compose_file", "host_port", "container_port", "memory_limit_mb",
                        "queue")},
        ),
        ("Who answers on the public port", {"fields": ("edge", "edge_admin", "warm_minutes")}),
        ("Where releases come from", {"fields": ("source_path", "releases_path", "interpreter")}),
        ("Checks", {"fields": ("smoke_email", "smoke_password", "health_seconds", "gate_seconds", "steady_seconds",
                               "stop_seconds", "core_tables", "checks_off", "rate_limit_check")}),
        ("Deploys", {"fields": ("rehearsal_required", "watch_seconds")}),
        ("Two persons", {"fields": ("second_person", "shell_breaks_glass")}),
        ("Backups and objectives", {"fields": ("backups_enabled", "backup_minutes", "rpo_minutes", "rto_minutes")}),
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Environment | None = None) -> Any:
        """Without the right to change there is no form whose field could hide a secret: they are left out."""
        found = super().get_fieldsets(request, obj)
        if obj is None:
            return found
        hidden = () if self.has_change_permission(request, obj) else SECRETS
        return [  # of one that is there the state matters more than the settings: these are folded
            (title, {"classes": ("collapse",) if title else (),
                     "fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in found
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Environment | None = None) -> tuple[str, ...]:
        # The name is in the vault's paths and in people's fingers.
        return ("created_at", "name") if obj is not None else ("created_at",)

    def has_delete_permission(self, request: HttpRequest, obj: Environment | None = None) -> bool:
        return False  # its backups and its history hang on it
