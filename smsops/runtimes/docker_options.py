"""What the engine is told when a container is made."""

from __future__ import annotations

from typing import Any

import docker

from smsops.runtimes.base import Command, RuntimeSpec

DATA_MOUNT = "/data"
APP_ROOT = "/app"
# Only the edge reaches it, through the engine's bridge: it may say whose request it passes on (limits are per address).
BEHIND_EDGE = {"FORWARDED_ALLOW_IPS": "*"}


def in_place(spec: RuntimeSpec, port: int = 0) -> dict[str, Any]:
    """The real SMS: on its volume, at its port, started again by the engine. A port of its own is this machine's
    alone."""
    return {
        "ports": {f"{spec.container_port}/tcp": ("127.0.0.1", port) if port else spec.host_port},
        "volumes": {spec.volume: {"bind": DATA_MOUNT, "mode": "rw"}},
        "restart_policy": {"Name": "unless-stopped"},
    }


def apart(spec: RuntimeSpec, folder: str, network: str) -> dict[str, Any]:
    """A sandbox: on a folder, and in a network that leads nowhere."""
    told = {outside: {"bind": inside, "mode": "ro"} for outside, inside in spec.told.folders.items()}
    return {"network": network, "volumes": {folder: {"bind": DATA_MOUNT, "mode": "rw"}, **told}}


def bounds(spec: RuntimeSpec) -> dict[str, Any]:
    """How much memory it may have, and how long its log may become."""
    return {
        "mem_limit": f"{spec.memory_limit_mb}m",
        "memswap_limit": f"{spec.memory_limit_mb}m",
        "log_config": docker.types.LogConfig(type="json-file", config={"max-size": "10m", "max-file": "5"}),
    }


def instead(command: Command) -> dict[str, Any]:
    """A container that runs a command and ends with it; nobody reaches it from outside."""
    return {
        "entrypoint": [],
        "command": list(command.argv),
        "working_dir": f"{APP_ROOT}/{command.workdir}",
        "restart_policy": {"Name": "no"},
        "ports": {},
        "healthcheck": {"test": ["NONE"]},
    }
