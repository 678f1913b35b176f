"""Who may send alerts, in the admin. The token is shown once, when it is made; the secret never."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html

from incidents.admin.source_actions import ReadAgain, Renew
from incidents.models import Alert, AlertSource, DeliveryState, SourceKind
from incidents.privacy import seen_by
from incidents.services import addresses, sources
from smsops.admin.actions import ActionForm, ObjectAction
from smsops.admin.base import OperationsAdmin
from smsops.admin.nothing import Nothing
from smsops.templatetags.smsops_ui import ago, badge

NEVER = "It has never said that something is over: is send_resolved off (in Grafana “Disable resolved message”)?"


class AlertSourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Never shows the secret; an empty field keeps the stored one."""

    secret = forms.CharField(
        required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Where set, every body must carry its HMAC-SHA-256 signature. Stored encrypted, never shown. Empty: "
        "keep the present one; a single “-” removes it.",
    )  # fmt: skip

    class Meta:
        model = AlertSource
        exclude: tuple[str, ...] = ()

    def clean_secret(self) -> str:
        given = str(self.cleaned_data["secret"])
        return "" if given == "-" else given or self.instance.secret


@admin.register(AlertSource)
class AlertSourceAdmin(OperationsAdmin):
    nothing = Nothing("No other program tells smsops of trouble.")
    form = AlertSourceForm
    list_display = ("name", "environment", "kind", "state", "heard", "firing", "enabled")
    list_filter = ("environment", "kind", "enabled")
    list_select_related = ("environment",)
    search_fields = ("name",)
    readonly_fields = ("state", "heard", "resolves", "refused", "waiting", "unread", "signed")
    object_actions = (Renew(), ReadAgain())
    fieldsets = (
        (None, {"fields": ("environment", "name", "kind", "enabled")}),
        ("How it goes", {"fields": ("state", "heard", "resolves", "refused", "waiting", "unread")}),
        ("What its alerts mean", {"fields": ("rules", "stale_minutes", "every_seconds", "fields_map")}),
        ("Signature", {"fields": ("signed", "secret", "signature_header", "timestamp_header")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertSource]:
        firing = Alert.objects.filter(seen_by(request.user, "incident__"), source=OuterRef("pk"), state="firing")
        counted = firing.order_by().values("source").annotate(count=Count("pk")).values("count")
        found: QuerySet[AlertSource] = super().get_queryset(request).select_related("environment")
        return found.annotate(firing_count=Coalesce(Subquery(counted), 0))

    def get_fieldsets(self, request: HttpRequest, obj: AlertSource | None = None) -> Any:
        """Without the right to change there is no form whose field could hide the secret: it is left out."""
        found = [part for part in super().get_fieldsets(request, obj) if obj is not None or part[0] != "How it goes"]
        hidden = "secret" if obj is not None and not self.has_change_permission(request, obj) else ""
        return [(title, {"fields": [each for each in part["fields"] if each != hidden]}) for title, part in found]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its alerts would go with it; one that is not enabled sends nothing

    def save_model(self, request: HttpRequest, obj: AlertSource, form: Any, change: bool) -> None:
        if not change:
            obj.new_token = sources.give_token(obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: AlertSource | None = None) -> list[str]:
        """The kind is part of the address that the sender has."""
        return [*self.readonly_fields, *(["kind"] if obj is not None else [])]

    def response_add(self, request: HttpRequest, obj: AlertSource, *_: Any, **__: Any) -> HttpResponse:
        return self._shown_once(request, obj)

    def _perform(self, request: HttpRequest, action: ObjectAction, target: Any, form: ActionForm) -> HttpResponse:
        answer = super()._perform(request, action, target, form)
        return self._shown_once(request, target) if hasattr(target, "new_token") else answer

    def _shown_once(self, request: HttpRequest, source: Any) -> HttpResponse:
        """The address with the token and what to paste where: on this page and on no other."""
        told = addresses.told(source, source.new_token, request.build_absolute_uri("/"))
        context = {
            **self.admin_site.each_context(request), "title": "The address for alerts", "subtitle": str(source),
            "opts": self.model._meta, "original": source, "told": told,
        }  # fmt: skip
        return TemplateResponse(request, "admin/incidents/source_token.html", context)

    @admin.display(description="State")
    def state(self, source: AlertSource) -> str:
        if not source.enabled:
            return badge("unknown", "Off")
        if source.last_heard_at is None:
            return badge("unknown", "Never heard")
        return badge("warn", "Never resolves") if source.never_resolves else badge("pass", "Heard")

    @admin.display(description="Last heard", ordering="last_heard_at")
    def heard(self, source: AlertSource) -> str:
        return ago(source.last_heard_at)

    @admin.display(description="Firing", ordering="firing_count")
    def firing(self, source: Any) -> int:
        return int(source.firing_count)

    @admin.display(description="Says what is over")
    def resolves(self, source: AlertSource) -> str:
        if source.kind == SourceKind.HEARTBEAT:
            return "A heartbeat that is heard again is over."
        return NEVER if source.never_resolves else "yes" if source.resolves_seen else "not heard yet"

    @admin.display(description="Last refused")
    def refused(self, source: AlertSource) -> str:
        return format_html("{}: {}", ago(source.refused_at), source.refused_why) if source.refused_at else "never"

    @admin.display(description="Waits to be read")
    def waiting(self, source: AlertSource) -> int:
        return source.deliveries.filter(state=DeliveryState.NEW).count()

    @admin.display(description="Could not be read")
    def unread(self, source: AlertSource) -> str:
        failed = source.deliveries.filter(state=DeliveryState.FAILED)
        last = failed.order_by("-pk").values_list("problem", flat=True).first()
        return f"{failed.count():,}; the last: {last}" if last is not None else "none"

    @admin.display(description="Signed", boolean=True)
    def signed(self, source: AlertSource) -> bool:
        return bool(source.secret)
