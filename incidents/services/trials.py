"""Test messages: whether a way to somebody works is found out by day (I6)."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from incidents.models import Channel, Contact, Page, PageKind, Severity
from incidents.services import recipients
from incidents.services.recipients import Recipient
from smsops.errors import WrongUse

TEXT = "This is a test of smsops\nNothing is wrong. {} asked for it, to see whether messages get here."


def send(target: Contact | Channel, by: str) -> Page:
    """Write one down; the next sweep sends it."""
    if isinstance(target, Channel):
        return _write(Recipient(channel=target), by)
    return _write(Recipient(target.user, target), by)


def to_person(person: User, by: str) -> list[Page]:
    """One by every way they have; WrongUse when there is none."""
    ways = list(recipients.of_person(person, Severity.CRITICAL))
    if not ways:
        raise WrongUse(f"{person.get_username()} has no way to be reached: no contact and no e-mail address.")
    return [_write(way, by) for way in ways]


def _write(to: Recipient, by: str) -> Page:
    return Page.objects.create(
        kind=PageKind.TEST, user=to.user, contact=to.contact, channel=to.channel,
        key=f"t{uuid.uuid4().hex}.{to.mark}", text=TEXT.format(by or "Somebody"),
    )  # fmt: skip
