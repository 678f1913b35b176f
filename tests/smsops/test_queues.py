"""What pages people waits behind nothing that takes minutes: it has a queue of its own."""

from __future__ import annotations

from typing import Any

import pytest

from smsops import cadence, queues
from smsops.celery import app

made: Any = app


def test_a_worker_that_is_told_nothing_takes_both_queues() -> None:
    assert set(made.amqp.queues.consume_from) == {"smsops", "urgent"}


def test_a_worker_may_be_told_to_take_what_is_urgent_alone() -> None:
    chosen = made.amqp.Queues(queues.QUEUES)
    chosen.select(["urgent"])
    assert set(chosen.consume_from) == {"urgent"}


@pytest.mark.parametrize("name", queues.ROUTES)
def test_what_is_urgent_is_known_and_goes_there(name: str) -> None:
    app.loader.import_default_modules()
    assert name in app.tasks
    found = made.amqp.router.route({}, name)["queue"]
    assert (found.name, found.routing_key) == ("urgent", "urgent")


@pytest.mark.parametrize(
    "name", ["smsops.tick", "incidents.look", "incidents.archive_log", "backups.scheduled", "incidents.first_look"]
)
def test_work_waits_for_the_workers_for_work(name: str) -> None:
    found = made.amqp.router.route({}, name)["queue"]
    assert (found.name, found.routing_key) == ("smsops", "smsops")


def test_beat_says_nothing_of_queues_so_that_the_routes_count() -> None:
    rung = cadence.rings(sweep=3, watch=2, offsite=60, canary=300, logs=60, ping=60).values()
    assert all("queue" not in ring["options"] for ring in rung)
    assert {ring["task"] for ring in rung} > set(queues.ROUTES)
