"""`/healthz` and `/readyz`: for whatever starts and restarts processes, by any name and without signing in."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from smsops import queue_depths, queues, readiness
from smsops.celery import app
from smsops.errors import OpsError
from smsops.readiness import Part
from tests.admin.browser import Browser
from tests.brokers import Redis, bells_through
from tests.factories import make_admin

pytestmark = pytest.mark.django_db

STRANGER = {"headers": {"Host": "10.1.2.3:8000"}}  # by an address the admin does not answer to


@pytest.fixture(autouse=True)
def nothing_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_applied", [-readiness.BELIEVED])
    monkeypatch.setattr(readiness, "KEPT", 0.0)


@pytest.fixture
def no_broker(tmp_path: Path) -> Iterator[None]:
    """Nobody listens where the broker should be."""
    with bells_through(Redis(tmp_path)):
        yield


def test_a_process_that_lives_says_so_without_the_database(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    with CaptureQueriesContext(connection) as asked:
        answer = Client().get("/healthz", **STRANGER)  # type: ignore[arg-type]
    assert (answer.status_code, answer.content, len(asked)) == (200, b"ok\n", 0)


def test_one_that_has_all_it_needs_is_ready_whoever_asks() -> None:
    answer = Client().get("/readyz", **STRANGER)  # type: ignore[arg-type]
    parts = dict.fromkeys(("database", "migrations", "broker", "disk"), "ok")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "parts": parts})


def test_without_the_broker_it_is_not(no_broker: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["broker"]) == (503, "does not answer")


def test_without_the_database_nothing_more_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_database", lambda: Part("database", False, "does not answer"))
    told = Client().get("/readyz").json()["parts"]
    assert (told["database"], "migrations" in told) == ("does not answer", False)


def test_a_migration_that_is_missing_is_counted() -> None:
    with connection.cursor() as cursor:
        newest = "SELECT max(name) FROM django_migrations WHERE app = 'incidents'"
        cursor.execute(f"DELETE FROM django_migrations WHERE app = 'incidents' AND name = ({newest})")
    missing = next(part for part in readiness.parts() if part.name == "migrations")
    assert (missing.good, missing.said.endswith("not applied")) == (False, True)


def test_a_disk_that_is_nearly_full_is_told_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 150_000_000))
    assert Client().get("/readyz").json()["parts"]["disk"] == "150.0 MB left"


def test_only_these_two_are_answered_before_the_sign_in() -> None:
    assert Client().get("/readyz/").status_code in (302, 404)
    assert Client().post("/healthz").status_code in (302, 403, 404)
    assert Browser(make_admin()).get("/").status == 200


def test_messages_that_wait_are_counted_in_their_queue() -> None:
    before = queue_depths.of([queues.URGENT, queues.WORK])
    app.send_task("smsops.sweep", queue=queues.URGENT)
    after = queue_depths.of([queues.URGENT, queues.WORK])
    assert after[queues.URGENT] == before[queues.URGENT] + 1
    assert after[queues.WORK] == before[queues.WORK]


def test_a_queue_of_a_broker_that_is_away_is_not_empty(no_broker: None) -> None:
    with pytest.raises(OpsError, match="The broker does not answer"):
        queue_depths.of([queues.WORK])


def test_many_who_ask_at_once_are_told_what_one_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "KEPT", 60.0)
    monkeypatch.setattr(readiness, "_last", readiness._Last())
    with CaptureQueriesContext(connection) as first:
        Client().get("/readyz")
    with CaptureQueriesContext(connection) as second:
        Client().get("/readyz")
    assert (len(first) > 0, len(second)) == (True, 0)
