"""Webhooks in the admin: the address is taken and never shown, the secret is shown once, every message is listed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html

from smsops.admin.actions import ActionForm, ObjectAction, Preview
from smsops.admin.base import OperationsAdmin, RecordAdmin
from smsops.admin.environment import secret_field
from smsops.admin.nothing import Nothing
from smsops.admin.site import add_warning
from smsops.models import DeliveryState, Webhook, WebhookDelivery
from smsops.remembered import Remembered
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge
from smsops.text import count_text
from smsops.webhooks import outbox, posting, sending, signing
from smsops.webhooks.events import EVENTS

TONES = {DeliveryState.PENDING: "warn", DeliveryState.SENT: "pass", DeliveryState.FAILED: "fail"}


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """Never shows the address; an empty field keeps the stored one."""

    url = secret_field("Like “https://ops.school.example/hooks”. ")
    events = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, choices=lambda: sorted(EVENTS.items()),
        help_text="None: all of them, also those that later versions bring.",
    )  # fmt: skip

    class Meta:
        model = Webhook
        fields = ("name", "url", "events", "environment", "active")

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"] or self.instance.url).strip()
        if said := posting.mistake(url):
            raise forms.ValidationError(said)
        return url


class SendTest(ObjectAction):
    """Sends a message to find out whether it arrives."""

    name, label, place = "test", "Send a test", 1
    permission = "smsops.change_webhook"

    def obstacle(self, target: Webhook) -> str:
        return "" if target.active else "It is switched off."

    def preview(self, target: Webhook, request: HttpRequest) -> Preview:
        return Preview((f"{target.host} gets a message of the type “test”, signed like all others.",))

    def perform(self, target: Webhook, by: By, cleaned: dict[str, Any]) -> str:
        outbox.test(target)
        return "It is on its way; the list of deliveries says what becomes of it."


class Renew(ObjectAction):
    """Gives it another secret."""

    name, label = "renew", "New secret…"
    permission, form = "smsops.change_webhook", ActionForm

    def preview(self, target: Webhook, request: HttpRequest) -> Preview:
        return Preview(("The present secret signs nothing any more, also not what waits. The new one is shown once.",))

    def perform(self, target: Webhook, by: By, cleaned: dict[str, Any]) -> str:
        target.secret = target.new_secret = signing.new_secret()  # type: ignore[attr-defined]
        target.save(update_fields=["secret"])
        return "It has another secret."


@admin.register(Webhook)
class WebhookAdmin(OperationsAdmin):
    nothing = Nothing("No program is told of anything.")
    form = WebhookForm
    list_display = ("status", "name", "host", "environment", "wanted", "waiting", "given_up")
    list_display_links = ("name",)
    list_filter = ("active", "environment")
    list_select_related = ("environment",)
    search_fields = ("name",)
    readonly_fields = ("status", "host", "failing", "switched_off", "sender")
    object_actions = (SendTest(), Renew())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        counts = {
            "waits": Count("deliveries", filter=Q(deliveries__state=DeliveryState.PENDING)),
            "failed": Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED)),
            "oldest": Min("deliveries__next_at", filter=Q(deliveries__state=DeliveryState.PENDING)),
        }
        found: QuerySet[Webhook] = super().get_queryset(request).select_related("environment").annotate(**counts)
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """Without the right to change there is no form whose field could hide the address: it is left out."""
        may = obj is None or self.has_change_permission(request, obj)
        fields = ["name", *(["url"] if may else []), "events", "environment", "active"]
        how = (
            [("How it goes", {"fields": ["status", "host", "sender", "failing", "switched_off"]})]
            if obj is not None
            else []
        )
        return [(None, {"fields": fields}), *how]

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        if not change:
            obj.secret = obj.new_secret = signing.new_secret()  # type: ignore[attr-defined]
        elif "active" in form.changed_data and obj.active:
            obj.failing_since, obj.silent, obj.switched_off = None, 0, ""
        switched_off.forget()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Webhook, *_: Any, **__: Any) -> HttpResponse:
        return self._shown_once(request, obj)

    def _perform(self, request: HttpRequest, action: ObjectAction, target: Any, form: ActionForm) -> HttpResponse:
        answer = super()._perform(request, action, target, form)
        return self._shown_once(request, target) if hasattr(target, "new_secret") else answer

    def _shown_once(self, request: HttpRequest, hook: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request), "title": "The secret of the webhook", "subtitle": str(hook),
            "opts": self.model._meta, "original": hook, "secret": hook.new_secret,
        }  # fmt: skip
        answer = TemplateResponse(request, "admin/smsops/webhook_secret.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @admin.display(description="State")
    def status(self, hook: Webhook) -> str:
        if not hook.active:
            return badge("fail", "Switched off") if hook.switched_off else badge("unknown", "Off")
        if sending.left(hook, hook.oldest):  # type: ignore[attr-defined]
            return badge("fail", "Not sent")
        return badge("warn", "Fails") if hook.failing_since else badge("pass", "Well")

    @admin.display(description="Sender")
    def sender(self, hook: Any) -> str:
        if not sending.left(hook, hook.oldest):
            return "Sends what is due."
        told = f"Nobody sends, and {count_text(hook.waits, 'message waits', 'messages wait')}, since"
        return format_html("{} {}: start a worker and beat.", told, ago(hook.oldest))

    @admin.display(description="Host")
    def host(self, hook: Webhook) -> str:
        return hook.host

    @admin.display(description="Fails since")
    def failing(self, hook: Webhook) -> str:
        return ago(hook.failing_since) if hook.failing_since else "—"

    @admin.display(description="Told of")
    def wanted(self, hook: Webhook) -> str:
        return ", ".join(hook.events) or "everything"

    @admin.display(description="Wait", ordering="waits")
    def waiting(self, hook: Any) -> int:
        return int(hook.waits)

    @admin.display(description="Given up", ordering="failed")
    def given_up(self, hook: Any) -> int:
        return int(hook.failed)


class SendAgain(ObjectAction):
    """Sends one message once more, with the same webhook-id."""

    name, label = "again", "Send again"
    permission = "smsops.change_webhook"

    def obstacle(self, target: WebhookDelivery) -> str:
        if target.state == DeliveryState.PENDING:
            return "It waits to be sent."
        return "" if target.webhook.active else "The webhook is switched off."

    def preview(self, target: WebhookDelivery, request: HttpRequest) -> Preview:
        return Preview(("The same message is sent again; a receiver knows it by its webhook-id.",))

    def perform(self, target: WebhookDelivery, by: By, cleaned: dict[str, Any]) -> str:
        outbox.again(target)
        return "It is sent again."


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(RecordAdmin):
    nothing = Nothing(
        "Nothing was sent yet: messages go to webhooks.", "Webhooks", "smsops_webhook_changelist", "smsops.view_webhook"
    )
    list_display = ("verdict", "event", "about", "webhook", "when", "attempts", "status", "problem")
    list_display_links = ("event",)
    list_filter = ("state", "webhook", "event")
    presets = (
        ("Given up", "state__exact=failed"),
        ("Waits", "state__exact=pending"),
    )
    search_fields = ("about", "message")
    date_hierarchy = "created_at"
    exclude = ("body",)  # it may tell of what not everybody may see
    object_actions = (SendAgain(),)
    in_bulk = ("again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).select_related("webhook").defer("body")

    @admin.display(description="State", ordering="state")
    def verdict(self, delivery: WebhookDelivery) -> str:
        return badge(TONES[DeliveryState(delivery.state)], delivery.get_state_display())

    @admin.display(description="When", ordering="created_at")
    def when(self, delivery: WebhookDelivery) -> str:
        return ago(delivery.created_at)


def _switched_off() -> str:
    """That smsops has switched webhooks off."""
    names = Webhook.objects.filter(active=False).exclude(switched_off="").values_list("name", flat=True)
    told = ", ".join(f"“{name}”" for name in names)
    return f"Nothing is sent to {told} any more: see the list of webhooks." if told else ""


switched_off = Remembered("look for webhooks that were switched off", _switched_off)
add_warning(switched_off)
