"""Where a chat address may lead: not into the private network, unless the installation says so.

An address is typed by a person; without this rule it would make smsops ask servers inside for them.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def private(hosts: Iterable[str]) -> str:
    """The private place among those hosts, in a few words; empty when all of them are outside, or no hosts."""
    for host in filter(None, hosts):
        if any(not each.is_global or each.is_multicast for found in _addresses(host) for each in _meant(found)):
            return f"{host} is in a private network"
    return ""


def _addresses(host: str) -> list[Address]:
    """However it is written: as the resolver understands it, so will whoever connects."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError, ValueError):
        return []  # many addresses name no host but a token
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _meant(address: Address) -> list[Address]:
    """The address, and the one it carries inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    carried = [each for each in inside if each is not None]
    return carried if address.ipv4_mapped else [address, *carried]
