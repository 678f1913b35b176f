"""The bell: a message that carries a run's number and nothing else; a broker that is away costs only time."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from smsops.celery import app
from smsops.models import Environment, RunState
from smsops.runs import bell
from tests.smsops.crowd import together
from tests.smsops.stages import Stage, queue, work

pytestmark = pytest.mark.django_db
Place = Callable[[Path], Path]


@pytest.fixture
def broker_at() -> Iterator[Place]:
    """Put the broker's folder elsewhere; the connections made so far are dropped."""
    before = dict(app.conf.broker_transport_options)

    def put(folder: Path) -> Path:
        place = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": f"{folder}/control"}
        _use({**before, **place})
        return folder

    yield put
    _use(before)


def _use(options: dict[str, Any]) -> None:
    app.conf.broker_transport_options = options
    made: Any = app
    made._pool = made.amqp._producer_pool = None


@pytest.fixture
def broker(broker_at: Place, tmp_path: Path) -> Path:
    folder = tmp_path / "broker"
    folder.mkdir()
    return broker_at(folder)


def _messages(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.msg"))]


def test_a_ring_is_one_message_for_the_queue_of_the_environment(
    environment: Environment, stage: Stage, broker: Path
) -> None:
    run = queue(environment, "look")
    bell.ring(run)
    (path,) = broker.glob("*.msg")
    assert path.name.endswith(f".{environment.queue}.msg")


def test_the_folder_keeps_what_is_urgent_apart(broker: Path) -> None:
    for name in ("incidents.sweep_pages", "backups.canaries"):
        app.send_task(name)
    assert [path.name.split(".")[1] for path in sorted(broker.glob("*.msg"))] == ["urgent", "smsops"]


def test_the_message_carries_the_number_of_the_run_and_nothing_else(
    environment: Environment, stage: Stage, broker: Path
) -> None:
    run = queue(environment, "look", params={"password": "canary"})
    bell.ring(run)
    (message,) = _messages(broker)
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (message["headers"]["task"], args, kwargs) == ("smsops.tick", [run.pk], {})
    assert "canary" not in json.dumps(message)


def test_a_ring_for_later_says_when(environment: Environment, stage: Stage, broker: Path) -> None:
    bell.ring(queue(environment, "look"), after=30)
    (message,) = _messages(broker)
    left = datetime.fromisoformat(message["headers"]["eta"]) - datetime.now(UTC)
    assert 25 < left.total_seconds() <= 30


@pytest.mark.django_db(transaction=True)
def test_a_submitted_run_rings_when_its_rows_are_committed(
    environment: Environment, stage: Stage, broker: Path
) -> None:
    with transaction.atomic():
        queue(environment, "look")
        assert _messages(broker) == []
    assert len(_messages(broker)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_submission_that_is_rolled_back_does_not_ring(environment: Environment, stage: Stage, broker: Path) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue(environment, "look")
        raise ZeroDivisionError
    assert _messages(broker) == []


def _file(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file"


AWAY: dict[str, Place] = {
    "a file in its place": _file,
    "no folder": lambda tmp_path: tmp_path / "gone" / "broker",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("away", AWAY.values(), ids=AWAY.keys())
def test_a_broker_that_is_away_is_a_warning_and_the_run_is_there(
    environment: Environment,
    stage: Stage,
    broker_at: Place,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    away: Place,
) -> None:
    broker_at(away(tmp_path))
    began = time.monotonic()
    with caplog.at_level(logging.WARNING, "smsops.runs.bell"):
        run = queue(environment, "look")
    assert "the broker is away" in caplog.text
    assert time.monotonic() - began < 5
    assert work(run).state == RunState.SUCCEEDED


def test_a_broker_that_came_back_is_rung_again(
    environment: Environment, stage: Stage, broker_at: Place, tmp_path: Path
) -> None:
    folder = broker_at(tmp_path / "broker")
    run = queue(environment, "look")
    bell.ring(run)
    folder.mkdir()
    bell.ring(run)
    assert len(_messages(folder)) == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_rings_at_once_are_twenty_messages(environment: Environment, stage: Stage, broker: Path) -> None:
    run = queue(environment, "look", exclusive=False)
    together(20, lambda: bell.ring(run))
    assert len(_messages(broker)) == 21


def test_a_file_of_kombu_s_that_nobody_finished_does_not_break_the_bell(
    environment: Environment, stage: Stage, broker: Path
) -> None:
    (broker / "control").mkdir()
    (broker / "control" / f"{environment.queue}.exchange").touch()
    bell.ring(queue(environment, "look"))
    assert len(_messages(broker)) == 1
