"""kill -9 of smsops' own database and broker at every boundary of deploy, schema rollback and restore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from smsops import tasks
from smsops.celery import app
from smsops.models import RunState
from tests.backups.clusters import Cluster
from tests.deaths.runs import ALL, GRADES, OLD, after
from tests.deaths.victims import Redis, Strikes, drive
from tests.places import Place

pytestmark = pytest.mark.slow


@pytest.mark.postgres
def test_runs_go_on_by_themselves_when_their_database_dies_at_every_boundary(sms: Place, rows: Cluster) -> None:
    assert sms.deploy(OLD).state == RunState.SUCCEEDED
    grades = sms.ask(GRADES)
    for begin, version in ALL.items():
        run, strikes = begin(sms), Strikes(rows)
        with strikes.falling():
            drive(run)
        assert after(run, sms) == (RunState.SUCCEEDED, version, True, grades, set()), run.headline
        assert len(strikes.at) >= 30


@pytest.fixture
def bell(broker: Redis) -> Iterator[Redis]:
    """The Redis, as the broker of this process."""
    before = app.conf.broker_url, app.conf.broker_transport_options
    _use(broker.url, {"socket_timeout": 5, "socket_connect_timeout": 2})
    yield broker
    _use(*before)


def _use(url: str, options: dict[str, Any]) -> None:
    made: Any = app
    made.conf.broker_url, made.conf.broker_transport_options = url, options
    made._pool = made.amqp._producer_pool = None


@pytest.mark.redis
def test_runs_go_on_by_themselves_when_their_broker_dies_at_every_boundary(
    process_place: Place, bell: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert process_place.deploy(OLD).state == RunState.SUCCEEDED
    monkeypatch.setattr(settings, "SMSOPS_SLICE_SECONDS", 0.0)  # every action is a delivery, and rings for the next
    grades = process_place.ask(GRADES)
    for begin, version in ALL.items():
        run, strikes = begin(process_place), Strikes(bell)
        with strikes.falling():
            drive(run, deliver=tasks.tick)
        assert after(run, process_place) == (RunState.SUCCEEDED, version, True, grades, set()), run.headline
        assert len(strikes.at) >= 30
