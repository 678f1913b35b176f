"""Links in messages: to the incident, and, for whoever is asked to act, to acknowledge without signing in (I6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from incidents.models import Page, PageKind

LASTS = timedelta(days=3)
_SALT = "smsops.incidents.acknowledge"


@dataclass(frozen=True)
class Asked:
    """Who was asked about which incident."""

    incident: int
    user: int


def of(page: Page) -> str:
    """The lines with links of a page; empty where the installation does not know its own address."""
    if page.incident_id is None or not settings.SMSOPS_PUBLIC_URL:
        return ""
    if page.user_id is not None and page.kind in (PageKind.PAGE, PageKind.REMINDER):
        return f"Acknowledge: {absolute(reverse('acknowledge', args=[token(page.incident_id, page.user_id)]))}"
    return absolute(reverse("admin:incidents_incident_change", args=[page.incident_id]))


def token(incident: int, user: int) -> str:
    """A signed word that lets this person acknowledge this incident, and nothing else, for three days."""
    return signing.dumps([incident, user], salt=_SALT, compress=True)


def asked(word: str) -> Asked | None:
    """What a signed word says; None when it is forged or too old."""
    try:
        incident, user = signing.loads(word, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    return Asked(incident, user)


def absolute(path: str) -> str:
    """The address people reach that page by; empty where the installation does not know its own."""
    return f"{settings.SMSOPS_PUBLIC_URL.rstrip('/')}{path}" if settings.SMSOPS_PUBLIC_URL else ""
