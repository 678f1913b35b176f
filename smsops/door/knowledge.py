"""What the door knows when it judges: its rules, and what the engine says about the thing a request names."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from smsops.door.rules import Rules
from smsops.door.verdicts import Refused

NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
IMAGE = re.compile(r"[A-Za-z0-9][\w.:@+-]*(?:/[A-Za-z0-9][\w.:@+-]*)*", re.ASCII)
Look = Callable[[str], Awaitable[Any]]  # a GET to the engine; Answered where it answers with an error


@dataclass(frozen=True)
class Knowledge:
    """Looks things up by the name a visitor used. Who is let through goes on with the id, which no one can exchange."""

    rules: Rules
    look: Look

    async def container(self, reference: str) -> dict[str, Any]:
        """The container, when it is SMS's."""
        found: dict[str, Any] = await self.look(f"/containers/{_plain(NAME, reference)}/json")
        if self.rules.owner(found["Name"].lstrip("/"), found["Config"].get("Labels")) is None:
            raise Refused(f"anything to be done with the container {reference[:80]}, which is not SMS's")
        return found

    async def image(self, reference: str) -> str:
        """The id of an image, when it has a tag or digest in an allowed repository."""
        found = await self.look(f"/images/{_plain(IMAGE, reference)}/json")
        tags = [tag.rpartition(":")[0] for tag in found.get("RepoTags") or ()]
        digests = [digest.partition("@")[0] for digest in found.get("RepoDigests") or ()]
        if not self.rules.images & {*tags, *digests}:
            raise Refused(f"the image {reference[:80]}, which is none of SMS's")
        return str(found["Id"])

    async def network(self, reference: str) -> str:
        """The id of an allowed network."""
        found = await self.look(f"/networks/{_plain(NAME, reference)}")
        if found["Name"] not in self.rules.networks:
            raise Refused(f"the network {reference[:80]}")
        return str(found["Id"])


def _plain(pattern: re.Pattern[str], reference: str) -> str:
    if not pattern.fullmatch(reference):
        raise Refused(f"the name {reference[:80]!r}")
    return reference
