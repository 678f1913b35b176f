"""A new container: SMS, its sandbox or one of its commands, and nothing else."""

from __future__ import annotations

import re
from typing import Any

from smsops.door import host, plain
from smsops.door.knowledge import Knowledge
from smsops.door.rules import ENVIRONMENT, ONCE, RUN, Environment, Rules, labels
from smsops.door.verdicts import Call, Forward, Refused

CHECK = {
    "Test": plain.texts,
    **dict.fromkeys(("Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"), plain.whole),
}
KINDS: dict[str, plain.Kind] = {
    "Image": plain.text,
    "Labels": labels,
    "Env": plain.texts,
    "Cmd": plain.texts,
    "Entrypoint": plain.texts,
    "WorkingDir": plain.text,
    "StopSignal": plain.text,
    "StopTimeout": plain.whole,
    "AttachStdout": plain.flag,
    "AttachStderr": plain.flag,
    "NetworkDisabled": plain.flag,
    "Healthcheck": lambda key, value: plain.only(value, CHECK, key),
    "ExposedPorts": plain.mapping,
    "Volumes": plain.mapping,
    "HostConfig": plain.mapping,
    "NetworkingConfig": lambda key, value: plain.only(value, {"EndpointsConfig": plain.mapping}, key),
}


async def create(call: Call, knows: Knowledge) -> Forward:
    """The request, written anew: the image by the id that was looked at, every value judged."""
    body = plain.only(call.body, KINDS, "a new container")
    environment = _owner(knows.rules, body.get("Labels", {}))
    name = call.query.get("name", "")
    if name and (not environment.may_be_called(name) or not re.fullmatch(r"[\w.-]+", name, re.ASCII)):
        raise Refused(f"the container name {name[:80]!r}")
    body["HostConfig"] = host.judged(knows.rules, environment, body.get("HostConfig", {}))
    _agree(knows.rules, environment, body)
    body["Image"] = await _image(knows, environment, body.get("Image", ""))
    return Forward(call.path, {"name": name} if name else {}, body)


def _owner(rules: Rules, given: dict[str, str]) -> Environment:
    """Whose it is, by its labels."""
    environment = rules.labelled(given)
    if environment is None or not {RUN, ONCE} & set(given):
        raise Refused(f"a container without the labels {RUN} and {ENVIRONMENT} of an environment it knows")
    return environment


def _agree(rules: Rules, environment: Environment, body: dict[str, Any]) -> None:
    """What repeats the HostConfig may not say more than it."""
    for exposed in body.get("ExposedPorts", ()):
        if host.port(exposed) not in {inside for inside, _ in environment.ports}:
            raise Refused(f"the exposed port {exposed[:30]!r}")
    targets = {bind.split(":")[1] for bind in body["HostConfig"].get("Binds", ())}
    if set(body.get("Volumes", {})) - targets:
        raise Refused("a volume without a name")
    endpoints = body.get("NetworkingConfig", {}).get("EndpointsConfig", {})
    for name, settings in endpoints.items():
        host.network(rules, name)
        plain.only(settings or {}, {}, "the settings of a network")
    body |= {key: _empty(body[key]) for key in ("ExposedPorts", "Volumes") if key in body}
    if endpoints:
        body["NetworkingConfig"] = {"EndpointsConfig": _empty(endpoints)}


def _empty(value: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The same keys; what stood behind them said nothing, or is not looked at by the engine."""
    return {key: {} for key in value}


async def _image(knows: Knowledge, environment: Environment, reference: str) -> str:
    return await Knowledge(Rules((environment,)), knows.look).image(reference)
