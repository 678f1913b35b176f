"""Where a chat address may lead: not into the private network, unless the installation says so.

An address is typed by a person; without this rule it would make smsops ask servers inside for them.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def private(address: str) -> str:
    """The private place such an address leads to, in a few words; empty when it leads outside."""
    host = urlsplit(address).hostname or ""
    for each in _addresses(host):
        if not each.is_global or each.is_multicast:
            return f"{host} is in a private network"
    return ""


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return []  # many addresses name no host but a token
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
