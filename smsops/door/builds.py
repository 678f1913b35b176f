"""A build: by the engine's classic builder, from a sent folder, to one tag of an allowed repository."""

from __future__ import annotations

from smsops.door import host, plain, strict_json
from smsops.door.images import tagged
from smsops.door.knowledge import Knowledge
from smsops.door.verdicts import Call, Forward, Refused

# Not among them: remote (the engine would fetch it), extrahosts, cgroupparent, securityopt, outputs, session.
KNOWN = frozenset(
    {"t", "dockerfile", "q", "nocache", "pull", "rm", "forcerm", "labels", "buildargs", "target", "platform"}
    | {"shmsize", "memory", "memswap", "networkmode", "cachefrom", "version"}
)


async def build(call: Call, knows: Knowledge) -> Forward:
    """What the sent folder's Dockerfile does happens in containers of the engine without any right on the host."""
    query = {key: value for key, value in call.query.items() if value}
    tagged(knows.rules, query.get("t", ""))
    if query.get("networkmode", "default") not in host.PLAIN_NETWORKS:
        raise Refused(f"a build in the network {query['networkmode'][:80]!r}")
    if query.get("version", "1") != "1":
        raise Refused("a build by another than the classic builder")
    for source in plain.texts("cachefrom", strict_json.loads(query.get("cachefrom") or "[]")):
        tagged(knows.rules, source)
    for key in ("labels", "buildargs"):
        plain.mapping(key, strict_json.loads(query.get(key) or "{}"))
    return Forward(call.path, query | {"version": "1"})
