"""Networks: the sandbox's, which leads nowhere, and those the rules name."""

from __future__ import annotations

from smsops.door import plain
from smsops.door.knowledge import Knowledge
from smsops.door.rules import SANDBOX_NETWORK, labels
from smsops.door.verdicts import Call, Forward, Refused

KINDS = {
    "Name": plain.text,
    "Driver": plain.text,
    "Internal": plain.flag,
    "CheckDuplicate": plain.flag,
    "Labels": labels,
}


async def onto(call: Call, knows: Knowledge, name: str) -> Forward:
    """One of them, looked at or removed."""
    return Forward(f"/networks/{await knows.network(name)}")


async def create(call: Call, knows: Knowledge) -> Forward:
    """A plain bridge; the sandbox's is internal."""
    body = plain.only(call.body, KINDS, "a new network")
    name = body.get("Name", "")
    if name not in knows.rules.networks:
        raise Refused(f"the network {name[:80]!r}")
    if body.get("Driver", "bridge") not in ("", "bridge"):
        raise Refused(f"the network driver {body['Driver'][:40]!r}")
    if name == SANDBOX_NETWORK and not body.get("Internal"):
        raise Refused(f"a network {SANDBOX_NETWORK} that leads somewhere")
    return Forward(call.path, {}, body)
