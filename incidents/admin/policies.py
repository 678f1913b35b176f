"""Who is paged when, in the admin: escalation policies, teams and channels, and what they would do now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from incidents.admin.ways import AddressForm, SendTest
from incidents.models import Channel, EscalationPolicy, PolicyLevel, Severity, Team
from incidents.services import policies, reach
from smsops.admin.base import OperationsAdmin
from smsops.admin.nothing import Nothing
from smsops.admin.parts import PagePart
from smsops.admin.typed import Typed


class LevelInline(Typed, admin.StackedInline):  # type: ignore[type-arg]
    model = PolicyLevel
    extra = 0
    fields = (("position", "after_minutes", "condition", "office_hours"), ("rotas", "teams"), ("users", "channels"))


@admin.register(EscalationPolicy)
class PolicyAdmin(OperationsAdmin):
    nothing = Nothing("Nobody is paged, whatever happens.")
    list_display = ("name", "issue", "environment", "least", "levels_there", "enabled")
    list_filter = ("issue", "environment", "enabled")
    list_select_related = ("environment",)
    search_fields = ("name",)
    inlines = (LevelInline,)
    fields = (("name", "enabled"), ("issue", "environment", "least"), ("nag_minutes", "rounds", "acknowledged_minutes"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[EscalationPolicy]:
        found: QuerySet[EscalationPolicy] = super().get_queryset(request).annotate(level_count=Count("levels"))
        return found

    @admin.display(description="Levels", ordering="level_count")
    def levels_there(self, policy: EscalationPolicy) -> str:
        return str(policy.level_count) if policy.level_count else "none: passed over"  # type: ignore[attr-defined]


@admin.register(Team)
class TeamAdmin(OperationsAdmin):
    nothing = Nothing("Nobody is in a team.")
    list_display = ("name", "people")
    search_fields = ("name",)
    filter_horizontal = ("members",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).prefetch_related("members")

    @admin.display(description="Members")
    def people(self, team: Team) -> str:
        return ", ".join(member.get_username() for member in team.members.all()) or "nobody"


class ChannelForm(AddressForm):
    class Meta:
        model = Channel
        fields = ("name", "way", "address", "environment", "least", "enabled")
        widgets = {"name": forms.TextInput(attrs={"class": "vTextField"})}


@admin.register(Channel)
class ChannelAdmin(OperationsAdmin):
    nothing = Nothing("No room or list is told of incidents.")
    form = ChannelForm
    list_display = ("name", "way", "environment", "least", "enabled")
    list_select_related = ("environment",)
    list_filter = ("way", "enabled")
    search_fields = ("name",)
    object_actions = (SendTest("incidents.change_channel"),)

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Without the right to change there is no form that could hide the address: it is left out."""
        found = list(ChannelForm.Meta.fields)
        if obj is not None and not self.has_change_permission(request, obj):
            found.remove("address")
        return found


def _preview(policy: EscalationPolicy, request: HttpRequest) -> dict[str, Any]:
    frozen, now = policies.freeze(policy), timezone.now()
    lines = reach.plan(frozen, Severity.CRITICAL, now)
    return {"sentence": reach.sentence(lines, policy.nag_minutes), "lines": lines}


PREVIEW = PagePart("admin/incidents/_policy_preview.html", _preview)
