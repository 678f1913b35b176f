"""The clock was set back by an hour: looks go on, and what was seen ahead of now is not taken for fresh."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Model
from django.utils import timezone

from incidents.clock import comeback, reckoning
from incidents.detection import survey
from incidents.models import Reckoning, Survey, Watch
from incidents.selectors import Status
from incidents.services import watching
from smsops.models import Environment
from tests.factories import make_incident, make_watch

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("rows", "field", "due"),
    [(Watch, "next_look_at", watching.due), (Survey, "next_at", survey.due), (Reckoning, "next_at", reckoning.due)],
)
def test_a_look_that_waits_for_a_time_of_before_is_due(
    environment: Environment, rows: type[Model], field: str, due: object
) -> None:
    make_incident(environment)
    assert callable(due)
    due()
    rows._default_manager.update(**{field: timezone.now() + timedelta(seconds=15)})
    assert due() == []
    rows._default_manager.update(**{field: timezone.now() + HOUR})
    assert len(due()) == 1


def test_what_was_seen_ahead_of_now_is_not_fresh(environment: Environment) -> None:
    watch = make_watch(environment, looked_at=timezone.now() + HOUR)
    assert (Status(environment, watch, None).health, comeback.fresh(watch, timezone.now())) == ("unknown", False)


def test_health_is_asked_though_it_was_asked_ahead_of_now(environment: Environment) -> None:
    watch = make_watch(environment, asked_at=timezone.now() + HOUR)
    assert watching._due(watch, timezone.now())
