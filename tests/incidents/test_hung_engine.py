"""A Docker Engine that takes connections and never answers blinds nobody, and keeps no worker for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from incidents import tasks
from incidents.models import Incident, LogPattern
from incidents.services import pieces, watching
from smsops.celery import app
from smsops.models import Environment
from smsops.runtimes import registry
from tests.incidents.servers import mute

pytestmark = pytest.mark.django_db


@pytest.fixture
def hung(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """An environment whose engine hangs and whose SMS does not answer."""
    monkeypatch.setattr(registry, "LOOK", 1)
    monkeypatch.setattr(pieces, "PATIENCE", 1)
    nowhere = {"runtime": "docker", "volume": "sms_data", "base_url": "http://127.0.0.1:9", "host_port": 9}
    with mute() as engine:
        settings.SMSOPS_DOCKER_HOST = engine.url.replace("http", "tcp")
        yield Environment.objects.create(name="hung", **nowhere)


def test_that_sms_is_away_is_noticed_though_its_engine_hangs(hung: Environment) -> None:
    watching.due()
    began = time.monotonic()
    for _ in range(2):
        watch = watching.look_now(hung.pk)
    assert time.monotonic() - began < 15
    assert watch is not None
    assert (watch.status, "The Docker Engine does not answer." in watch.detail) == ("down", True)
    assert Incident.objects.get().title == "SMS does not answer"


@pytest.mark.parametrize("task", [tasks.follow_log, tasks.archive_log])
def test_who_takes_its_log_comes_back_later(
    hung: Environment, task: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    LogPattern.objects.create(name="It", expression="is locked", severity="high")
    began = time.monotonic()
    task(hung.pk)
    assert time.monotonic() - began < 8
    assert "The Docker Engine does not answer." in caplog.text


@pytest.mark.parametrize("name", ["look", "look_around", "follow_log", "archive_log"])
def test_no_task_that_asks_an_engine_lasts_for_long(name: str) -> None:
    app.loader.import_default_modules()
    limit = app.tasks[f"incidents.{name}"].soft_time_limit
    assert limit is not None and 0 < limit <= 90


def test_a_look_that_is_cut_short_asks_sms_itself(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        def inspect(self, name: str) -> None:
            raise SoftTimeLimitExceeded

    monkeypatch.setattr(watching, "looking_at", lambda _: Endless())
    watching.due()
    watch = watching.look_now(environment.pk)
    assert watch is not None
    assert (watch.status, watch.bad_looks) == ("down", 1)
    assert watch.detail.startswith("The look took too long.")
