"""Images: those of the allowed repositories are looked at, tagged and deleted by tag. None is pulled or exported."""

from __future__ import annotations

import re

from smsops.door import plain
from smsops.door.knowledge import Knowledge
from smsops.door.rules import Rules
from smsops.door.verdicts import Call, Forward, Refused

TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


def tagged(rules: Rules, reference: str) -> str:
    """The reference, when it is REPOSITORY:TAG of an allowed repository."""
    repository, _, tag = reference.rpartition(":")
    if repository not in rules.images or not TAG.fullmatch(tag):
        raise Refused(f"the tag {reference[:80]!r}, which is none of SMS's")
    return reference


async def read(call: Call, knows: Knowledge, name: str) -> Forward:
    """What the engine knows of it, and how it was made."""
    return Forward(f"/images/{await knows.image(name)}/{call.path.rpartition('/')[2]}")


async def tag(call: Call, knows: Knowledge, name: str) -> Forward:
    """Another tag for an image, inside an allowed repository."""
    repository, new = call.query.get("repo", ""), call.query.get("tag", "")
    tagged(knows.rules, f"{repository}:{new}")
    return Forward(f"/images/{await knows.image(name)}/tag", {"repo": repository, "tag": new})


async def delete(call: Call, knows: Knowledge, name: str) -> Forward:
    """One tag goes; the image with it when that was the last, and never with force."""
    if plain.truth(call.query.get("force", "")):
        raise Refused("the deletion of an image with force")
    return Forward(f"/images/{tagged(knows.rules, name)}", {"noprune": call.query.get("noprune", "")})


async def load(call: Call, knows: Knowledge) -> Forward:
    """An archive of images. Which names are in it cannot be judged while it streams: only where the rules say so."""
    if not knows.rules.load:
        raise Refused("the loading of images, unless its rules say “load: true”")
    return Forward(call.path, call.query)
