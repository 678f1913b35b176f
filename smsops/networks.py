"""Which addresses are inside: no place for what a person typed to make smsops connect to."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def inside(address: Address) -> bool:
    """Whether it, or one it carries, is of this machine, of a link or of a private network, or reaches several."""
    return any(not each.is_global or each.is_multicast for each in _meant(address))


def _meant(address: Address) -> list[Address]:
    """The address, and the one it carries inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    carried_by = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        carried_by.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    carried = [each for each in carried_by if each is not None]
    return carried if address.ipv4_mapped else [address, *carried]
