"""The door under gunicorn: bodies of any size, senders that break off, and two processes that store side by side."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.models import Delivery, Incident
from incidents.services import digestion
from tests.factories import make_environment
from tests.intake.doors import Door, door
from tests.intake.senders import Sender, alert, payload, sender
from tests.places import wait_for
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ours(transactional_db: None) -> Sender:
    return sender(make_environment())


@pytest.fixture(scope="module")
def found(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door")) as running:
        yield running


def path(ours: Sender) -> str:
    return f"/alerts/alertmanager/{ours.token}"


def test_fifty_at_once_are_all_stored_and_are_one_incident(found: Door, ours: Sender) -> None:
    body = json.dumps(payload(alert())).encode()
    assert together(50, lambda: found.send(path(ours), body)) == [202] * 50
    assert digestion.digest_all() == 50
    assert Incident.objects.get().alerts.get().times == 50


def test_fifty_megabytes_are_heard_out_and_refused(found: Door, ours: Sender) -> None:
    assert found.send(path(ours), b"x" * 50_000_000) == 413
    assert "at most" in ours.refresh().refused_why


def test_nine_megabytes_of_alerts_are_stored(found: Door, ours: Sender) -> None:
    body = json.dumps(payload(alert(), padding="x" * 9_000_000)).encode()
    assert found.send(path(ours), body) == 202
    assert Delivery.objects.get().size == len(body)


def test_who_breaks_off_stores_nothing_and_stops_nobody(found: Door, ours: Sender) -> None:
    head = f"POST {path(ours)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()
    for said in (head + b'{"alerts": [', b"POST ", b"\x16\x03\x01\x02\x00"):
        with socket.create_connection(("127.0.0.1", found.port)) as caller:
            caller.sendall(said)
    assert found.send(path(ours), json.dumps(payload(alert())).encode()) == 202
    assert Delivery.objects.count() == 1


def test_a_body_in_chunks_is_stored(found: Door, ours: Sender) -> None:
    body = json.dumps(payload(alert())).encode()
    head = f"POST {path(ours)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", found.port), 10) as caller:
        caller.sendall(head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
        assert b"202 Accepted" in caller.recv(1000)
    assert Delivery.objects.get().size == len(body)


def test_a_door_that_is_killed_loses_nothing_it_took(ours: Sender, tmp_path: Path) -> None:
    body = json.dumps(payload(alert())).encode()
    with door(tmp_path) as found:
        taken = [found.send(path(ours), body) for _ in range(5)]
        found.process.kill()
    assert taken == [202] * Delivery.objects.count()
    wait_for(lambda: digestion.digest_all() == 5, "all five to be read")
