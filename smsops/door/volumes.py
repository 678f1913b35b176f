"""Volumes: the environments' own are looked at and made. None is ever deleted."""

from __future__ import annotations

from smsops.door import plain
from smsops.door.knowledge import Knowledge
from smsops.door.rules import labels
from smsops.door.verdicts import Answer, Call, Forward, Refused


def _own(knows: Knowledge, name: str) -> str:
    if name not in knows.rules.volumes:
        raise Refused(f"the volume {name[:80]!r}")
    return name


async def inspect(call: Call, knows: Knowledge, name: str) -> Forward:
    """One volume."""
    return Forward(f"/volumes/{_own(knows, name)}")


async def names(call: Call, knows: Knowledge) -> Answer:
    """All of them, without those of others."""
    found = await knows.look("/volumes")
    own = [each for each in found.get("Volumes") or () if each["Name"] in knows.rules.volumes]
    return Answer({"Volumes": own, "Warnings": None})


async def create(call: Call, knows: Knowledge) -> Forward:
    """A plain local one: the driver's options could make it any folder of the host."""
    body = plain.only(call.body, {"Name": plain.text, "Driver": plain.text, "Labels": labels}, "a new volume")
    _own(knows, body.get("Name", ""))
    if body.get("Driver", "local") not in ("", "local"):
        raise Refused(f"the volume driver {body['Driver'][:40]!r}")
    return Forward(call.path, {}, body)
