"""From an incident to a message in somebody's inbox, and back by the link in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from incidents.models import Escalation, EscalationPolicy, Incident, Page, PolicyLevel
from incidents.services import incidents, lifecycle, sweep
from smsops.models import Environment
from tests.incidents.conftest import LATE


@pytest.fixture
def policy(somebody: User) -> EscalationPolicy:
    """Ada at once; nobody else, and nothing of what is shipped."""
    EscalationPolicy.objects.all().delete()
    User.objects.filter(pk=somebody.pk).update(email="ada@example.org")
    policy = EscalationPolicy.objects.create(name="Everything")
    level = PolicyLevel.objects.create(policy=policy)
    level.users.add(somebody)
    return policy


@pytest.fixture
def inbox(settings: Any) -> list[Any]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SMSOPS_PUBLIC_URL = "https://ops.example"
    mail.outbox = []
    return mail.outbox


@pytest.mark.django_db(transaction=True)
def test_who_is_paged_answers_by_the_link_and_nobody_is_paged_again(
    transactional_db: None, environment: Environment, policy: EscalationPolicy, inbox: list[Any]
) -> None:
    incident, _ = incidents.report(environment, LATE)
    assert sweep.sweep() == 1
    assert inbox[0].to == ["ada@example.org"]
    assert inbox[0].subject == f"[Medium] demo: Something is late (#{incident.pk})"
    link = re.search(r"https://ops.example(\S+)", inbox[0].body)
    assert link is not None
    assert sweep.sweep() == 0
    page = Client().get(link[1], secure=True)
    assert "I have it" in page.content.decode()
    assert Client().post(link[1], {"answer": "mine"}, secure=True).status_code == 200
    incident.refresh_from_db()
    assert (incident.state, str(incident.acknowledged_by)) == ("acknowledged", "ada")
    lifecycle.resolve(incident, "Done.")
    assert not Escalation.objects.filter(ended_at=None).exists()
    assert sorted(Page.objects.values_list("kind", flat=True)) == [
        "news",
        "page",
    ]  # what she did herself she is not told
    assert Incident.objects.count() == 1
