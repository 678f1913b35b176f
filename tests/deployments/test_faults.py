"""What is wrong around SMS when a deploy begins: named in the first line, nothing stopped, SMS answers (D2)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from deployments.models import Release
from smsops import signals
from smsops.models import RunState
from tests.places import Place

Fault = Callable[[Place], None]


def image_gone(place: Place) -> None:
    Release.objects.filter(environment=place.environment, version="1.18.1").update(image_id=f"sha256:{'0' * 64}")


def data_gone(place: Place) -> None:
    place.environment.volume, place.environment.data_path = "no-such-volume", "/no/such/folder"
    place.environment.save()


def env_file_gone(place: Place) -> None:
    place.env_file.unlink()


def env_file_no_text(place: Place) -> None:
    place.env_file.write_bytes(b"\xff\xfe\x00SECRET_KEY")


def key_weak(place: Place) -> None:
    place.write_env(SECRET_KEY="please-change-me-please-change-me-please")


def older_than_the_database(place: Place) -> None:
    place.execute("UPDATE alembic_version SET version_num = 'nobody_knows'")


FAULTS: dict[str, tuple[Fault, str]] = {
    "the image is gone": (image_gone, "gone from the engine"),
    "the data cannot be seen": (data_gone, "no-such-volume|data folder"),
    "the env file is gone": (env_file_gone, "sms.env"),
    "the env file is no text": (env_file_no_text, "sms.env"),
    "the key is weak": (key_weak, "SECRET_KEY is weak"),
    "the database is newer than the release": (older_than_the_database, "nobody_knows"),
}


@pytest.mark.parametrize(("fault", "cause"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_before_anything_is_stopped(place: Place, fault: Fault, cause: str) -> None:
    place.deploy("1.18.0")
    before = place.runtime.inspect(place.environment.instance)
    fault(place)
    run = place.deploy("1.18.1")
    assert run.state == RunState.SAFE, run.headline
    assert any(word in run.cause for word in cause.split("|")), run.cause
    assert place.runtime.inspect(place.environment.instance) == before
    assert place.serving()


def test_a_port_that_somebody_else_took_is_named(place: Place) -> None:
    place.deploy("1.18.0")
    place.runtime.stop(place.environment.instance, 5)
    with listening(place.port):
        run = place.deploy("1.18.1")
    assert run.state == RunState.SAFE, run.headline
    assert f"Port {place.port} is in use by another program" in run.cause


@contextmanager
def listening(port: int) -> Iterator[None]:
    """Another program with that port."""
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield


@contextmanager
def stopped_at(place: Place, boundary: str) -> Iterator[None]:
    """What an engine does that was killed, and started anew there: it stops what ran on, and leaves it stopped."""

    def stop(step: Any, where: str, **_: Any) -> None:
        if step is not None and f"{step.kind}:{where}" == boundary:
            place.runtime.stop(place.environment.instance, 5)

    signals.boundary.connect(stop)
    try:
        yield
    finally:
        signals.boundary.disconnect(stop)


@pytest.mark.parametrize(
    "boundary", ["switch.start:done", "check.list:intent", "switch.steady:intent", "switch.retire:intent"]
)
def test_an_engine_that_is_restarted_in_the_middle_undoes_nothing(place: Place, boundary: str) -> None:
    place.deploy("1.18.0")
    with stopped_at(place, boundary):
        run = place.deploy("1.18.1")
    assert run.state == RunState.SUCCEEDED, run.headline
    assert place.running_version() == "1.18.1"
    assert place.serving()


def test_an_undo_brings_back_an_sms_that_the_restarted_engine_left_stopped(place: Place) -> None:
    place.deploy("1.18.1")
    with stopped_at(place, "check.preconditions:done"):
        run = place.deploy("1.20.1")
    assert run.state == RunState.UNDONE, run.headline
    assert place.running_version() == "1.18.1"
    assert place.serving()
