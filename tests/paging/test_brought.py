"""Who cannot take it, or cannot be reached, brings the next level."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from incidents.models import (
    FactKind,
    Incident,
    Page,
    Rota,
)  # fmt: skip
from incidents.services import facts, lifecycle, pages
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, delivered, opened, running, said, stepped
from tests.paging.people import person, policy

pytestmark = pytest.mark.django_db


def test_who_cannot_take_it_brings_the_next_level_whatever_that_waits_for(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada]}, {"users": [bo], "condition": "integrity_failed"})
    incident = opened(environment)
    stepped()
    lifecycle.decline(incident, ada)
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_a_level_that_is_brought_is_late_only_since_then(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    clock.forward(minutes=4)
    lifecycle.decline(incident, ada)
    stepped()
    assert Page.objects.get(level=2).late == ""


@pytest.mark.parametrize("paged", [False, True])
def test_what_a_level_that_was_brought_waits_for_still_counts(
    clock: Clock, environment: Environment, two: Any, ada: User, paged: bool
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.decline(incident, ada)
    if paged:
        stepped()
    lifecycle.acknowledge(incident, person("cleo"))
    assert not Page.objects.filter(state="pending", kind__in=pages.ASKS).exists()
    clock.forward(minutes=15)
    stepped()
    assert asked(incident) == [("ada", 1), *[("bo", 2)] * (2 if paged else 1)]


def test_a_fact_pages_a_level_that_was_brought_before_whoever_has_it(
    clock: Clock, environment: Environment, bo: User
) -> None:
    policy({"rotas": [Rota.objects.create(name="On-call")]}, {"users": [bo], "condition": "integrity_failed"})
    incident = opened(environment)
    stepped()
    stepped()
    delivered()
    lifecycle.acknowledge(incident, bo)
    facts.establish(incident, FactKind.INTEGRITY_FAILED, "PRAGMA integrity_check: row 5 missing")
    clock.forward(minutes=1)
    stepped()
    pages.recall(incident)
    left = Page.objects.filter(incident=incident, state="pending", kind="page")
    assert asked(incident) == [("bo", 2), ("bo", 2)]
    assert [str(page.user) for page in left] == ["bo"]


def test_who_cannot_take_what_somebody_has_just_taken_brings_nobody(
    environment: Environment, two: Any, ada: User, bo: User
) -> None:
    incident = opened(environment)
    stepped()
    stale = Incident.objects.get()
    lifecycle.acknowledge(incident, bo)
    with pytest.raises(WrongUse, match="It is acknowledged; nobody is asked any more"):
        lifecycle.decline(stale, ada)
    assert "brought" not in running(incident).policy["levels"][1]


def test_who_says_it_twice_or_late_skips_no_further_level(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    cleo = person("cleo")
    policy({"users": [ada]}, {"users": [bo], "after_minutes": 10}, {"users": [cleo], "after_minutes": 60})
    incident = opened(environment)
    stepped()
    for _ in range(2):
        lifecycle.decline(incident, ada)
        stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_a_level_that_reaches_nobody_brings_the_next_at_once(clock: Clock, environment: Environment, bo: User) -> None:
    policy({"rotas": [Rota.objects.create(name="On-call")]}, {"users": [bo], "after_minutes": 60})
    incident = opened(environment)
    stepped()
    stepped()
    assert asked(incident) == [("bo", 2)]
    assert "Level 1 reaches nobody" in said(incident)
    assert "nobody is on call in “On-call”" in said(incident)
