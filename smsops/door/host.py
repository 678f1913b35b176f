"""The HostConfig of a new container: how it stands to the host. Whatever is not named here is refused."""

from __future__ import annotations

from typing import Any

from smsops.door import mounts, plain
from smsops.door.rules import Environment, Rules
from smsops.door.verdicts import Refused

PLAIN_NETWORKS = ("default", "bridge", "none")
LOGS = ("json-file", "local")  # others send the log elsewhere
LOG_OPTIONS = {"max-size": plain.text, "max-file": plain.text, "compress": plain.text}


def judged(rules: Rules, environment: Environment, value: Any) -> dict[str, Any]:
    """The HostConfig, made anew of what is allowed. A limit of its memory must be there."""
    found = plain.only(
        value,
        {
            "Memory": plain.whole,
            "MemorySwap": plain.whole,
            "PidsLimit": plain.whole,
            "Init": plain.flag,
            "ReadonlyRootfs": plain.flag,
            "CapDrop": plain.texts,
            "Binds": lambda _, each: mounts.binds(rules, environment, each),
            "Mounts": lambda _, each: mounts.mounts(rules, environment, each),
            "PortBindings": lambda _, each: ports(environment, each),
            "RestartPolicy": _restarts,
            "LogConfig": _log,
            "NetworkMode": lambda _, each: network(rules, each),
            "SecurityOpt": _security,
        },
        "HostConfig",
    )
    if not found.get("Memory"):
        raise Refused("a container without a limit of its memory")
    return found


def ports(environment: Environment, value: Any) -> dict[str, list[dict[str, str]]]:
    """Each published port is one of the environment's, where it is configured."""
    found = {}
    for inside, outside in plain.mapping("PortBindings", value).items():
        if not isinstance(outside, list):
            raise Refused(f"the port {inside[:30]} published anywhere")
        found[inside] = [_binding(environment, port(inside), each) for each in outside]
    return found


def port(text: str) -> int:
    """The number in “8000/tcp”."""
    number, _, kind = text.partition("/")
    if not number.isdecimal() or not number.isascii() or kind not in ("", "tcp"):
        raise Refused(f"the port {text[:30]!r}")
    return int(number)


def _binding(environment: Environment, inside: int, value: Any) -> dict[str, str]:
    found = plain.only(value, {"HostIp": plain.text, "HostPort": plain.text}, "a port binding")
    address, outside = found.get("HostIp", ""), found.get("HostPort", "")
    if not environment.may_have(inside, address, port(outside)):
        raise Refused(f"the port {inside} published at {address[:40]}:{outside[:10]}")
    return {"HostIp": address, "HostPort": outside}


def network(rules: Rules, value: Any) -> str:
    """The engine's own bridge, none at all, or an allowed network by its name."""
    name = plain.text("NetworkMode", value)
    if name and name not in PLAIN_NETWORKS and name not in rules.networks:
        raise Refused(f"the network {name[:80]!r} for a container")
    return name


def _restarts(key: str, value: Any) -> dict[str, Any]:
    return plain.only(value, {"Name": plain.text, "MaximumRetryCount": plain.whole}, key)


def _log(key: str, value: Any) -> dict[str, Any]:
    found = plain.only(
        value, {"Type": plain.text, "Config": lambda name, each: plain.only(each, LOG_OPTIONS, name)}, key
    )
    if found.get("Type", "") not in ("", *LOGS):
        raise Refused(f"the log driver {found['Type'][:40]!r}")
    return found


def _security(key: str, value: Any) -> list[str]:
    for each in plain.texts(key, value):
        if each not in ("no-new-privileges", "no-new-privileges:true"):
            raise Refused(f"the security option {each[:60]!r}")
    return list(value)
