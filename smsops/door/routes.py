"""Which requests there are at all, and who judges each. What is not in this list is refused."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from smsops.door import builds, containers, creation, filters, images, networks, volumes
from smsops.door.knowledge import Knowledge
from smsops.door.verdicts import Call, Forward, Refused, Takes, Verdict

NAME = r"([A-Za-z0-9][\w.-]*)"
NOTHING = ("", "0", "null", "[]", "{}")  # what the CLI says where nothing was asked for
IMAGE = r"([A-Za-z0-9][\w.:/@+-]*)"


async def pass_on(call: Call, knows: Knowledge) -> Forward:
    """What anybody may ask."""
    return Forward(call.path)


@dataclass(frozen=True)
class Route:
    """A kind of request: its parameters (others must say nothing), what it may carry, and its judge."""

    method: str
    path: str
    judge: Callable[..., Awaitable[Verdict]]
    parameters: frozenset[str] = frozenset()
    takes: Takes = Takes.NOTHING


def _route(
    words: str, judge: Callable[..., Awaitable[Verdict]], names: str = "", takes: Takes = Takes.NOTHING
) -> Route:
    method, path = words.split()
    return Route(method, path, judge, frozenset(names.split()), takes)


ROUTES = (
    _route("GET /_ping", pass_on),
    _route("HEAD /_ping", pass_on),
    _route("GET /version", pass_on),
    _route("GET /info", pass_on),
    _route("GET /events", filters.events, "since until filters"),
    _route("GET /containers/json", filters.containers, "all limit size filters trunc_cmd"),
    _route("POST /containers/create", creation.create, "name", Takes.JSON),
    _route(f"GET /containers/{NAME}/json", containers.read, "size"),
    _route(f"GET /containers/{NAME}/logs", containers.read, "follow stdout stderr since until timestamps tail details"),
    _route(f"POST /containers/{NAME}/start", containers.start),
    _route(f"POST /containers/{NAME}/stop", containers.stop, "t"),
    _route(f"POST /containers/{NAME}/wait", containers.stop, "condition"),
    _route(f"POST /containers/{NAME}/rename", containers.rename, "name"),
    _route(f"DELETE /containers/{NAME}", containers.remove, "v force link"),
    _route("GET /volumes", volumes.names),
    _route(f"GET /volumes/{NAME}", volumes.inspect),
    _route("POST /volumes/create", volumes.create, "", Takes.JSON),
    _route("GET /networks", filters.networks, "filters"),
    _route(f"GET /networks/{NAME}", networks.onto),
    _route("POST /networks/create", networks.create, "", Takes.JSON),
    _route(f"DELETE /networks/{NAME}", networks.onto),
    _route("GET /images/json", filters.images, "all filters only_ids"),
    _route(f"GET /images/{IMAGE}/json", images.read),
    _route(f"GET /images/{IMAGE}/history", images.read),
    _route("POST /build", builds.build, " ".join(builds.KNOWN), Takes.STREAM),
    _route("POST /images/load", images.load, "quiet", Takes.STREAM),
    _route(f"POST /images/{IMAGE}/tag", images.tag, "repo tag force"),
    _route(f"DELETE /images/{IMAGE}", images.delete, "force noprune"),
)


def find(call: Call) -> tuple[Route, tuple[str, ...]]:
    """The route of a request and the names in its path; Refused when there is none or a parameter is not known."""
    for route in ROUTES:
        found = re.fullmatch(route.path, call.path, re.ASCII) if route.method == call.method else None
        if found is not None:
            said = [key for key, value in call.query.items() if value not in NOTHING]
            unknown = [key for key in said if key not in route.parameters]
            if unknown:
                raise Refused(f"the parameter {unknown[0][:60]!r} here")
            return route, found.groups()
    raise Refused(f"{call.method} {call.path[:120]}")
