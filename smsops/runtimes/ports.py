"""Ports of this machine, looked at from outside."""

from __future__ import annotations

import socket
import time

from smsops.errors import OpsError

LETTING_GO = 2.0  # seconds


def refuse_taken(port: int) -> None:
    """Raise OpsError when somebody listens there: their answers would be taken for this instance's.

    A killed program is gone before the kernel has closed its sockets: a port has `LETTING_GO` to come free.
    """
    deadline = time.monotonic() + LETTING_GO
    while port and listened_to(port):
        if time.monotonic() > deadline:
            raise OpsError(f"Port {port} is in use by another program.", fix="End it, then try again.")
        time.sleep(0.02)


def listened_to(port: int) -> bool:
    """Whether somebody answers at that port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
