"""A broker that is away while a worker is busy: the worker takes messages again when it is back."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
import redis
from kombu import Connection, Queue
from kombu.exceptions import OperationalError

from smsops import queues
from smsops.celery import app
from smsops.tasks import tick
from tests.brokers import OPTIONS, Redis, bells_through, running
from tests.places import wait_for
from tests.workers.conftest import Crew

pytestmark = pytest.mark.redis
NOBODY = 0  # no run has this number: the message is taken, and nothing is to be done
DEATHS = 12


@pytest.mark.parametrize("done", ["ack", "reject", "requeue"])
def test_what_could_not_be_acknowledged_keeps_no_place(tmp_path: Path, done: str) -> None:
    assert app.conf.broker_url  # its transports are known once the application is there
    with running(tmp_path) as broker, Connection(broker.url, transport_options=OPTIONS) as connection:
        channel: Any = connection.channel()
        channel.basic_qos(0, 1, False)
        taken: list[Any] = []
        queue = Queue("work", routing_key="work")
        with connection.Consumer([queue], channel=channel, callbacks=[lambda body, message: taken.append(message)]):
            connection.Producer(channel).publish("x", routing_key="work", declare=[queue])
            connection.drain_events(timeout=10)
            assert not channel.qos.can_consume()
            broker.kill()
            with pytest.raises((*connection.connection_errors, *connection.channel_errors, OperationalError)):
                getattr(taken[0], done)()
            assert channel.qos.can_consume()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_broker_dies_again_and_again_takes_messages_when_it_is_back(tmp_path: Path) -> None:
    chance = Random(1)
    with running(tmp_path) as broker, bells_through(broker):
        crew = Crew(broker.url, tmp_path, DJANGO_SETTINGS_MODULE="smsops.settings")
        try:
            crew.worker()
            for _ in range(DEATHS):
                for _ in range(chance.choice([1, 2, 3])):
                    _die(broker, away=chance.choice([0, 0.05, 0.5, 2]), then=chance.uniform(0, 3))
                wait_for(broker.answers, "Redis")
                for _ in range(3):
                    tick.apply_async((NOBODY,), queue=queues.WORK)
                assert taken(broker)
        finally:
            crew.end()


def taken(broker: Redis) -> bool:
    """Whether the worker takes what waits, within a minute."""
    with redis.Redis(port=broker.port) as client:
        return bool(wait_for(lambda: client.llen(queues.WORK) == 0, "the worker to take them", 60))


def _die(broker: Redis, away: float, then: float) -> None:
    """It is away for so many seconds, and there for so many more: these times are what is tried."""
    broker.kill()
    time.sleep(away)
    broker.launch()
    time.sleep(then)
