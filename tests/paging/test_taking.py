"""Who acknowledges an incident holds its escalation up, for as long as they have it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from incidents.admin import incident_head
from incidents.models import (
    Incident,
    IncidentState,
    Page,
)  # fmt: skip
from incidents.postmortems import verdicts
from incidents.services import lifecycle, pages, stepping
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, delivered, opened, running, stepped
from tests.paging.people import person, policy
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db


def test_who_acknowledges_while_steps_are_made_is_not_paged_afterwards(
    transactional_db: None, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    number = running(incident).pk
    first = iter([True])

    def act() -> None:
        if next(first, False):
            lifecycle.acknowledge(incident, ada)
        else:
            stepping.step(number)

    together(6, act)
    waiting = Page.objects.filter(incident=incident, kind="page", state="pending")
    assert not waiting.exists()
    assert Incident.objects.get().state == IncidentState.ACKNOWLEDGED


def test_what_is_paged_whoever_has_it_survives_an_acknowledgement(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    clock.forward(minutes=15)
    stepped()
    lifecycle.acknowledge(incident, ada)
    left = Page.objects.filter(incident=incident, state="pending", kind__in=pages.ASKS)
    assert [(str(page.user), page.kind) for page in left] == [("bo", "page")]


def test_an_acknowledged_incident_that_is_not_over_brings_the_next_level(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    clock.forward(minutes=15)
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_one_that_was_not_over_after_all_is_paged_anew(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.resolve(incident, "Done.")
    lifecycle.reopen(incident, "No.", ada)
    stepped()
    assert asked(incident) == [("ada", 1), ("ada", 1)]


def test_mitigated_and_then_not_after_all_is_paged_again(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.mitigated(incident, "It serves.", ada)
    stepped()
    assert running(incident).due_at is None
    lifecycle.reopen(incident, "No.", ada)
    stepped()
    assert asked(incident)[-1] == ("ada", 1)


def test_an_acknowledgement_lapses_and_its_owner_and_everybody_paged_are_asked_again(
    clock: Clock, environment: Environment, two: Any
) -> None:
    cleo, incident = person("cleo"), opened(environment)
    stepped()
    delivered()
    lifecycle.acknowledge(incident, cleo)
    clock.forward(minutes=15)
    stepped()
    clock.forward(minutes=45)
    stepped()
    assert Incident.objects.get().state == IncidentState.OPEN
    assert asked(incident) == [("ada", 1), ("bo", 2), ("cleo", 0), ("ada", 1), ("bo", 2)]
    assert not Page.objects.exclude(late="").exists()


def test_who_had_it_first_and_when_stays_though_the_acknowledgement_lapses_and_another_follows(
    clock: Clock, environment: Environment, two: Any, ada: User, bo: User
) -> None:
    incident = opened(environment)
    clock.forward(minutes=4)
    first = clock.now
    lifecycle.acknowledge(incident, bo)
    clock.forward(minutes=61)
    stepped()
    found = Incident.objects.get()
    assert (found.state, found.acknowledged_at, found.acknowledged_by, found.taken_at) == ("open", first, None, None)
    lifecycle.acknowledge(found, ada)
    clock.forward(minutes=59)  # the hour of the second one counts from the second one
    stepped()
    found = Incident.objects.get()
    assert (found.state, found.acknowledged_at, found.acknowledged_by) == ("acknowledged", first, ada)
    response = verdicts.of(found, {"lost": {}, "exposure": {}})[0]
    assert (response["verdict"], response["seconds"]) == ("met", pytest.approx(240, abs=5))
    assert incident_head.response(found, found.detected_at + timedelta(minutes=15)) == "after 4 min"


def test_an_acknowledgement_can_last_for_ever(clock: Clock, environment: Environment, ada: User) -> None:
    policy({"users": [ada]}, acknowledged_minutes=0)
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    clock.forward(days=3)
    stepped()
    assert Incident.objects.get().state == IncidentState.ACKNOWLEDGED


def test_a_lapse_while_somebody_resolves_it_stops_no_other_step(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    Incident.objects.update(state=IncidentState.RESOLVED)
    clock.forward(hours=2)
    assert stepped() == 0
    assert Incident.objects.get().state == IncidentState.RESOLVED
