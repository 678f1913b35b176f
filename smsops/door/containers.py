"""What may be done to containers that exist: to SMS's alone, each by its id. Nothing is run or copied inside them."""

from __future__ import annotations

import re
from typing import Any

from smsops.door import mounts, plain
from smsops.door.knowledge import Knowledge
from smsops.door.rules import ONCE
from smsops.door.verdicts import Call, Forward, Refused


def _onto(call: Call, found: dict[str, Any]) -> Forward:
    """The same request for the container that was looked at, whatever has the name now."""
    action = call.path.split("/", 3)[3:]
    return Forward("/".join(["/containers", found["Id"], *action]), call.query)


async def read(call: Call, knows: Knowledge, name: str) -> Forward:
    """What the engine knows of it, and its log."""
    return _onto(call, await knows.container(name))


async def stop(call: Call, knows: Knowledge, name: str) -> Forward:
    """Stop it, or wait for its end."""
    return _onto(call, await knows.container(name))


async def start(call: Call, knows: Knowledge, name: str) -> Forward:
    """Start it; the folders it is shown are looked at once more, for they are mounted now."""
    found = await knows.container(name)
    for bind in found["HostConfig"].get("Binds") or ():
        mounts.look_again(knows.rules, bind.partition(":")[0])
    for mount in found["HostConfig"].get("Mounts") or ():
        mounts.look_again(knows.rules, mount.get("Source") or "")
    return _onto(call, found)


async def rename(call: Call, knows: Knowledge, name: str) -> Forward:
    """Give it another name of the same SMS."""
    found, wanted = await knows.container(name), call.query.get("name", "").removeprefix("/")
    owner = knows.rules.owner(found["Name"].lstrip("/"), found["Config"].get("Labels"))
    if owner is None or not owner.may_be_called(wanted) or not re.fullmatch(r"[\w.-]+", wanted, re.ASCII):
        raise Refused(f"the container name {wanted[:80]!r}")
    return _onto(call, found)


async def remove(call: Call, knows: Knowledge, name: str) -> Forward:
    """Remove it. A nameless volume of an old SMS may hold its data: `v` and `force` are for one-off commands only."""
    found = await knows.container(name)
    once = ONCE in (found["Config"].get("Labels") or {})
    for key in ("v", "force", "link"):
        if plain.truth(call.query.get(key, "")) and (key == "link" or not once):
            raise Refused(f"the removal of a container with {key}")
    return _onto(call, found)
