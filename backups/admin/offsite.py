"""Off-site vaults in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from backups.models import OffsiteVault
from backups.services import lags, log_lags, offsite, offsite_sizes, offsite_tidying, rescues
from smsops.admin.actions import ActionForm, ObjectAction, Preview
from smsops.admin.base import OperationsAdmin
from smsops.admin.nothing import Nothing
from smsops.admin.planned import PlannedAction
from smsops.models import Run
from smsops.runs.plan import By, Plan
from smsops.templatetags.smsops_ui import ago, badge
from smsops.text import count_text, seconds_text


class CopyNow(PlannedAction):
    """Copies what is missing there now; otherwise that happens within a minute of each backup."""

    name, label = "copy", "Copy now"
    permission = "backups.copy_offsitevault"

    def obstacle(self, target: OffsiteVault) -> str:
        return "Backups are being copied there already." if offsite.active(target) else ""

    def plan(self, target: OffsiteVault) -> Plan:
        return offsite.plan(target)

    def perform(self, target: OffsiteVault, by: By, cleaned: dict[str, Any]) -> Run:
        return offsite.request(target, by)


class TidyThere(PlannedAction):
    """Removes there now what is past its time; otherwise that happens once a day, where it is wanted."""

    name, label = "tidy", "Remove what is past its time…"
    permission = "backups.tidy_offsitevault"

    def obstacle(self, target: OffsiteVault) -> str:
        if not target.tidy:
            return "Nothing is ever removed there: so the settings say."
        return "Backups are being copied there just now." if offsite.active(target) else ""

    def plan(self, target: OffsiteVault) -> Plan:
        return offsite_tidying.plan(target)

    def perform(self, target: OffsiteVault, by: By, cleaned: dict[str, Any]) -> Run:
        return offsite_tidying.request(target, by)


class ReadCatalogue(ObjectAction):
    """Makes known here what is there: the way back when the local vault, or smsops itself, was lost."""

    name, label = "reindex", "Read what is there"
    permission = "backups.tidy_vault"
    form = ActionForm

    def preview(self, target: OffsiteVault, request: HttpRequest) -> Preview:
        return Preview(
            (
                "Backups that are there and not known here are entered in the catalogue.",
                "They are fetched when they are restored, tested or looked into; nothing is changed there.",
            )
        )

    def perform(self, target: OffsiteVault, by: By, cleaned: dict[str, Any]) -> str:
        found = rescues.reindex(target)
        new = count_text(len(found.added), "backup is", "backups are")
        said = [f"{new} new to the catalogue.", found.commits, *found.problems]
        return " ".join(filter(None, said))


class SecretLines(forms.Textarea):
    """Takes a secret of several lines and never sends one back."""

    def format_value(self, value: Any) -> str:
        return ""


class OffsiteVaultForm(forms.ModelForm):  # type: ignore[type-arg]
    """Never shows the secret; an empty field keeps the stored one."""

    secret = forms.CharField(
        required=False,
        strip=False,
        widget=SecretLines(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Secret key, account key, SAS token, password or private key. Stored encrypted, never shown. "
        "Empty: keep the present one.",
    )

    class Meta:
        model = OffsiteVault
        exclude: tuple[str, ...] = ()

    def clean_secret(self) -> str:
        return str(self.cleaned_data["secret"] or self.instance.secret)


@admin.register(OffsiteVault)
class OffsiteVaultAdmin(OperationsAdmin):
    nothing = Nothing("Every backup is in one place: what is lost there is lost.")
    form = OffsiteVaultForm
    list_display = ("name", "environment", "state", "lag", "commits", "kind", "bucket", "copied", "enabled")
    list_filter = ("environment", "kind", "enabled")
    list_select_related = ("environment__log_following",)
    search_fields = ("name", "bucket")
    readonly_fields = ("state", "lag", "commits", "copied", "problem", "log_problem", "size", "tidied")
    object_actions = (CopyNow(), TidyThere(), ReadCatalogue())
    fieldsets = (
        (None, {"fields": ("environment", "name", "enabled", "lag_minutes")}),
        ("How it goes", {"fields": ("state", "lag", "commits", "copied", "problem", "log_problem", "size", "tidied")}),
        ("Commits between the backups", {"fields": ("copy_log", "log_seconds", "log_lag_seconds")}),
        (
            "Where it is",
            {"fields": ("kind", "bucket", "prefix", "address", "region", "user", "secret", "read_back", "host_key")},
        ),
        ("Lock", {"fields": ("lock_days", "lock_mode")}),
        ("What is past its time", {"fields": ("tidy", "grace_days")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OffsiteVault]:
        return lags.measured(super().get_queryset(request).select_related("environment__log_following"))

    def get_fieldsets(self, request: HttpRequest, obj: OffsiteVault | None = None) -> Any:
        """Without the right to change there is no form whose field could hide the secret: it is left out."""
        found = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return [part for part in found if obj is not None or part[0] != "How it goes"]
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "secret"]})
            for title, options in found
        ]

    @admin.display(description="State")
    def state(self, vault: OffsiteVault) -> str:
        if not vault.enabled:
            return badge("unknown", "Off")
        if vault.problem or log_lags.problem_of(vault):
            return badge("fail", "Trouble")
        late = lags.lag_of(vault) > vault.allowed_lag
        return badge("warn", "Behind") if late else badge("pass", "Up to date")

    @admin.display(description="Behind by")
    def lag(self, vault: OffsiteVault) -> str:
        found = lags.lag_of(vault)
        return seconds_text(found.total_seconds()) if found else "nothing"

    @admin.display(description="Last complete copy", ordering="copied_at")
    def copied(self, vault: OffsiteVault) -> str:
        return ago(vault.copied_at) if vault.copied_at else "never"

    @admin.display(description="Commits behind by")
    def commits(self, vault: OffsiteVault) -> str:
        if not log_lags.copied(vault):
            return "not copied"
        found = log_lags.lag_of(vault)
        return seconds_text(found.total_seconds()) if found is not None else "nothing there yet"

    @admin.display(description="How much is there")
    def size(self, vault: OffsiteVault) -> str:
        return offsite_sizes.text_of(vault)
