"""Whom a page or a piece of news reaches, and by which of their ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import (
    Channel,
    Incident,
    Page,
    Severity,
    Team,
)  # fmt: skip
from incidents.services import lifecycle
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, delivered, opened, stepped
from tests.paging.people import DOWN, contact, policy

pytestmark = pytest.mark.django_db


def news(incident: Incident) -> list[str]:
    found = Page.objects.filter(incident=incident, kind="news").select_related("user", "channel")
    return sorted(str(page.user or page.channel) for page in found)


def test_who_acts_is_not_told_what_they_did_and_the_others_are(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada, bo]})
    incident = opened(environment)
    stepped()
    delivered()
    lifecycle.acknowledge(incident, ada)
    assert news(incident) == ["bo"]


def test_who_left_and_ways_that_were_switched_off_are_told_nothing(
    environment: Environment, ada: User, bo: User
) -> None:
    way = contact(bo)
    policy({"users": [ada, bo]})
    incident = opened(environment)
    stepped()
    delivered()
    User.objects.filter(pk=ada.pk).update(is_active=False)
    type(way).objects.update(enabled=False)
    lifecycle.resolve(incident, "Done.")
    assert news(incident) == []


def test_channels_hear_of_what_is_opened_and_nothing_of_what_is_private(environment: Environment, two: Any) -> None:
    Channel.objects.create(name="room", address="json://ops.example/")
    incident = opened(environment)
    assert news(incident) == ["room"]
    Incident.objects.update(private=True)
    incident.refresh_from_db()
    stepped()
    lifecycle.resolve(incident, "The key was rotated.")
    assert news(incident) == ["room"]
    assert "does not answer" not in Page.objects.get(kind="page").text


def test_a_person_is_reached_by_the_first_way_at_once_and_by_the_others_later(
    environment: Environment, ada: User
) -> None:
    contact(ada, label="phone", after_minutes=7)
    contact(ada, label="mail", after_minutes=2)
    policy({"users": [ada]})
    opened(environment)
    stepped()
    waits = {
        page.contact.label: page.next_at - timezone.now()
        for page in Page.objects.select_related("contact")
        if page.contact
    }
    assert waits["mail"] <= timedelta() < timedelta(minutes=4) < waits["phone"] <= timedelta(minutes=5)


def test_a_way_for_worse_things_is_not_used_but_the_person_is_reached(environment: Environment, ada: User) -> None:
    contact(ada, least=Severity.CRITICAL)
    policy({"users": [ada]})
    opened(environment, replace(DOWN, severity=Severity.MEDIUM))
    stepped()
    assert [(page.contact, str(page.user)) for page in Page.objects.all()] == [(None, "ada")]


def test_a_team_is_paged_together_and_nobody_twice(environment: Environment, ada: User, bo: User) -> None:
    team = Team.objects.create(name="CTO")
    team.members.set([ada, bo])
    policy({"teams": [team], "users": [ada]})
    incident = opened(environment)
    stepped()
    assert sorted(asked(incident)) == [("ada", 1), ("bo", 1)]
