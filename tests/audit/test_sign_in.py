"""Sign-ins, sign-outs, and sign-ins that failed: the name that was typed, never the password."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from smsops.audit import sign_in
from smsops.models import AuditEntry, Authenticator
from tests.audit.trail import newest, whole_text
from tests.factories import CANARY, make_user

pytestmark = pytest.mark.django_db


def test_a_sign_in_and_a_sign_out_are_told() -> None:
    user, client = make_user(), Client(REMOTE_ADDR="192.0.2.7")
    client.post(reverse("admin:login"), {"username": user.username, "password": "secret"})
    entry = newest("sign-in")
    assert (entry.who, entry.about, entry.address, entry.outcome) == (user.username, f"user:{user.pk}", "192.0.2.7", "")
    client.post(reverse("admin:logout"))
    assert newest("sign-out").who == user.username


def test_a_failed_one_keeps_the_name_and_not_the_password() -> None:
    Client().post(reverse("admin:login"), {"username": "mallory", "password": CANARY})
    entry = newest("sign-in")
    assert (entry.who, entry.user, entry.outcome) == ("mallory", None, "refused")
    assert CANARY not in whole_text()


def test_behind_a_proxy_the_address_is_what_that_proxy_saw(settings: Any) -> None:
    client = Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.1, 192.0.2.7")
    client.post(reverse("admin:login"), {"username": "a", "password": "b"})
    settings.SMSOPS_BEHIND_PROXY = True
    client.post(reverse("admin:login"), {"username": "a", "password": "b"})
    assert [each.address for each in AuditEntry.objects.order_by("sequence")] == ["127.0.0.1", "192.0.2.7"]


def test_who_takes_away_a_second_factor_and_why_is_told() -> None:
    owner, lead = make_user(), make_user(is_superuser=True)
    Authenticator.objects.create(user=owner, confirmed=True)
    client = Client()
    client.force_login(lead)
    address = reverse("admin:people_sign_ins_do", args=[owner.pk, "reset-device"])
    client.post(address, {"reason": "The telephone was stolen."})
    entry = newest("authenticator.removed")
    assert (entry.who, entry.about, entry.reason) == (lead.username, f"user:{owner.pk}", "The telephone was stolen.")


def test_every_means_of_signing_in_has_its_entry() -> None:
    user = make_user()
    for action, means in sign_in.MEANS.items():
        means.send(None, user=user)
        assert newest(action).about == f"user:{user.pk}"
