"""What pages nobody: drills, and what a window or a change of ours excuses; and what these never excuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import (
    Channel,
    FactKind,
    MaintenanceWindow,
    Page,
)  # fmt: skip
from incidents.services import facts, lifecycle
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, opened, said, stepped
from tests.paging.people import DOWN

pytestmark = pytest.mark.django_db


def maintenance(environment: Environment) -> None:
    """Half an hour of it, from now on."""
    window = {"title": "New disks", "starts_at": timezone.now(), "minutes": 30}
    MaintenanceWindow.objects.create(environment=environment, **window)


def test_a_drill_pages_nobody_and_tells_no_channel(environment: Environment, two: Any) -> None:
    Channel.objects.create(name="room", address="json://ops.example/")
    incident = opened(environment, replace(DOWN, drill=True))
    stepped()
    lifecycle.resolve(incident, "Over.")
    assert not Page.objects.exists()


def test_a_maintenance_window_holds_pages_back_and_the_page_says_why_it_is_late(
    clock: Clock, environment: Environment, two: Any
) -> None:
    maintenance(environment)
    incident = opened(environment)
    stepped()
    assert asked(incident) == []
    assert "Nobody is paged as long as this holds: Maintenance: New disks" in said(incident)
    clock.forward(minutes=31)
    stepped()
    assert Page.objects.earliest("pk").late == "31 min late: Maintenance: New disks"


def test_a_window_holds_back_nothing_about_a_change_of_ours_that_went_wrong(
    clock: Clock, environment: Environment, two: Any
) -> None:
    maintenance(environment)
    incident = opened(environment, replace(DOWN, fingerprint="run:7", title="Deploy 2.0.0 needs a person"))
    stepped()
    assert asked(incident) == [("ada", 1)]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("integrity_failed", ["ada"]), ("rows_lost", ["ada"]), ("exposure_confirmed", ["ada"]),
     ("undo_failed", ["ada"]), ("cause_known", [])],
)  # fmt: skip
def test_a_fact_that_says_more_than_sms_being_away_ends_the_quiet_of_a_window_at_once(
    clock: Clock, environment: Environment, two: Any, kind: str, names: list[str]
) -> None:
    maintenance(environment)
    incident = opened(environment)
    assert stepped() == 0
    facts.establish(incident, FactKind(kind), "Five rows are missing.")
    stepped()
    assert [name for name, _ in asked(incident)] == names
