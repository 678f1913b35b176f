"""Which port an instance behind an edge gets: one of its own, for as long as it exists."""

from __future__ import annotations

import random
import socket

from django.conf import settings

from smsops.errors import OpsError
from smsops.runtimes.base import Runtime


def choose(runtime: Runtime) -> int:
    """A port that no instance has, running or not, and nobody listens on now. OpsError when all are taken.

    Any of them, so that two installations that choose at the same moment hardly choose the same one.
    """
    first, _, last = settings.SMSOPS_PORTS.partition("-")
    taken = {found.port for found in runtime.instances()}
    ports = list(range(int(first), int(last) + 1))
    random.shuffle(ports)
    for port in ports:
        if port not in taken and _free(port):
            return port
    raise OpsError(f"Every port from {first} to {last} is in use.", fix="Set SMSOPS_PORTS to a longer stretch.")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
