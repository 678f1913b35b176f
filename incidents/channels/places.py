"""Where a chat address may lead: not into the private network, unless the installation says so.

An address is typed by a person; without this rule it would make smsops ask servers inside for them.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from smsops.networks import Address, inside


def private(hosts: Iterable[str]) -> str:
    """The private place among those hosts, in a few words; empty when all of them are outside, or no hosts."""
    for host in filter(None, hosts):
        if any(inside(found) for found in _addresses(host)):
            return f"{host} is in a private network"
    return ""


def _addresses(host: str) -> list[Address]:
    """However it is written: as the resolver understands it, so will whoever connects."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError, ValueError):
        return []  # many addresses name no host but a token
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
