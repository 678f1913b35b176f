"""On-call rotas and people's own contacts, in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from incidents.admin.ways import AddressForm, SendTest
from incidents.models import Contact, Override, Rota, RotaMember
from incidents.services import rotas
from smsops.admin.base import OperationsAdmin
from smsops.admin.nothing import Nothing
from smsops.admin.parts import PagePart
from smsops.admin.typed import Typed
from smsops.templatetags.smsops_ui import ago

SHOWN = 14  # days


class PlaceInline(Typed, admin.TabularInline):  # type: ignore[type-arg]
    model = RotaMember
    extra = 0


class OverrideInline(Typed, admin.TabularInline):  # type: ignore[type-arg]
    model = Override
    extra = 0
    fields = ("user", "starts_at", "ends_at", "reason")


@admin.register(Rota)
class RotaAdmin(OperationsAdmin):
    nothing = Nothing("Nobody is on call.")
    list_display = ("name", "now", "every_days", "handover", "zone")
    search_fields = ("name",)
    inlines = (PlaceInline, OverrideInline)
    fields = ("name", ("starts_on", "every_days"), ("handover", "zone"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rota]:
        return super().get_queryset(request).prefetch_related(*rotas.WITH)

    @admin.display(description="On call now")
    def now(self, rota: Rota) -> str:
        person = rotas.on_call(rota, timezone.now())
        return person.get_username() if person is not None else "nobody"


def _next_days(rota: Rota, request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    return {"turns": rotas.turns(rota, now, now + timedelta(days=SHOWN)), "days": SHOWN}


NEXT_DAYS = PagePart("admin/incidents/_next_days.html", _next_days)


class ContactForm(AddressForm):
    class Meta:
        model = Contact
        fields = ("user", "way", "address", "label", "after_minutes", "least", "enabled")


@admin.register(Contact)
class ContactAdmin(OperationsAdmin):
    """Whoever may change contacts changes their own; a superuser everybody's."""

    nothing = Nothing("Nobody can be reached: whoever has no contact is not paged.")
    form = ContactForm
    list_display = ("label_or_way", "user", "way", "after_minutes", "least", "enabled", "tested")
    list_display_links = ("label_or_way",)
    list_select_related = ("user",)
    list_filter = ("way", "enabled")
    search_fields = ("user__username", "label")
    object_actions = (SendTest("incidents.change_contact"),)

    def get_fields(self, request: HttpRequest, obj: Contact | None = None) -> Any:
        found = list(ContactForm.Meta.fields)
        if obj is not None and not self.has_change_permission(request, obj):
            found.remove("address")  # without a form nothing would hide it
        elif not request.user.is_superuser:
            found.remove("user")
        return found

    def has_change_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return super().has_change_permission(request, obj) and _own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _own(request, obj)

    def save_model(self, request: HttpRequest, obj: Contact, form: ModelForm[Contact], change: bool) -> None:
        if not change and not request.user.is_superuser:
            obj.user = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    @admin.display(description="What it is called", ordering="label")
    def label_or_way(self, contact: Contact) -> str:
        return contact.way_label

    @admin.display(description="Tested", ordering="tested_at")
    def tested(self, contact: Contact) -> str:
        return ago(contact.tested_at)


def _own(request: HttpRequest, contact: Contact | None) -> bool:
    return contact is None or contact.user_id == request.user.pk or bool(getattr(request.user, "is_superuser", False))
