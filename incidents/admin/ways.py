"""How people and channels are reached, in the admin: addresses that are taken and never shown, and a test of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest

from incidents.models import Channel, Contact, Way
from incidents.services import carriers, trials
from smsops.admin.actions import ObjectAction, Preview
from smsops.admin.environment import secret_field
from smsops.errors import WrongUse
from smsops.runs.plan import By


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]
    """Never shows the address; an empty field keeps the stored one."""

    address = secret_field("An e-mail address, or an apprise address like “ntfys://host/topic”. ")

    def clean(self) -> dict[str, Any]:
        """Refuse an address that cannot be used, with the reason and without the address."""
        found = super().clean() or self.cleaned_data
        address = str(found.get("address") or self.instance.address).strip()
        found["address"] = address
        if problem := _mistake(str(found.get("way")), address):
            self.add_error("address", problem)
        return dict(found)


def _mistake(way: str, address: str) -> str:
    if not address:
        return "Give an address."
    if way != Way.EMAIL:
        return carriers.mistake(address)
    try:
        validate_email(address)
    except ValidationError:
        return "This is no e-mail address."
    return ""


class SendTest(ObjectAction):
    """Sends a message to find out whether the way works."""

    name, label = "test", "Send a test message"

    def __init__(self, permission: str) -> None:
        self.permission = permission  # type: ignore[misc]

    def preview(self, target: Contact | Channel, request: HttpRequest) -> Preview:
        self._refuse(target, request.user)
        return Preview((f"{target} gets a message that says it is a test.",))

    def perform(self, target: Contact | Channel, by: By, cleaned: dict[str, Any]) -> str:
        self._refuse(target, by.user)
        trials.send(target, by.name)
        return "It is on its way; the list of pages says what becomes of it."

    def _refuse(self, target: Contact | Channel, user: Any) -> None:
        if isinstance(target, Contact) and target.user_id != user.pk and not user.is_superuser:
            raise WrongUse("This is another person's.")
