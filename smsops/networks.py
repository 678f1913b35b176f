"""Which addresses are inside: no place for what a person typed to make smsops connect to."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Python takes these for global: local NAT64, addresses of a site, and old ways to write an IPv4 address.
LOCAL = [ipaddress.ip_network(each) for each in ("64:ff9b:1::/48", "fec0::/10", "::/96", "::ffff:0:0:0/96")]
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def inside(address: Address) -> bool:
    """Whether it, or one it carries, is of this machine, of a link or of a private network, or reaches several."""
    return any(not each.is_global or each.is_multicast or _local(each) for each in _meant(address))


def _local(address: Address) -> bool:
    return any(network.version == address.version and address in network for network in LOCAL)


def _meant(address: Address) -> list[Address]:
    """The address, and the one it carries inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    carried_by = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        carried_by.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    carried = [each for each in carried_by if each is not None]
    return carried if address.ipv4_mapped else [address, *carried]
