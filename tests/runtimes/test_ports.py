"""A port another program listens on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from smsops.errors import OpsError
from smsops.runtimes import ports


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def test_a_port_somebody_keeps_is_refused_by_its_number(listener: socket.socket) -> None:
    with pytest.raises(OpsError, match=f"^Port {port_of(listener)} is in use by another program"):
        ports.refuse_taken(port_of(listener))


def test_a_port_that_is_being_let_go_is_waited_for(listener: socket.socket) -> None:
    port = port_of(listener)
    timer = threading.Timer(0.3, listener.close)
    timer.start()
    ports.refuse_taken(port)
    timer.join()
    assert not ports.listened_to(port)


def test_a_port_of_nobody_and_no_port_at_all_are_free(listener: socket.socket) -> None:
    port = port_of(listener)
    listener.close()
    for free in (port, 0):
        ports.refuse_taken(free)
    assert not ports.listened_to(port)
