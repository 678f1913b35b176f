"""What an engine says of an instance, cut down to what is configuration: no times, no states, no labels of runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def facts(described: Mapping[str, Any]) -> dict[str, Any]:
    """Ports, limits, mounts and the like of what a runtime's `describe` tells; empty for nothing."""
    if "HostConfig" in described:
        return _container(described)
    spec = described.get("spec")
    if not spec:
        return {}
    return {name: spec.get(name) for name in ("argv", "cwd", "memory_limit_mb")}


def _container(described: Mapping[str, Any]) -> dict[str, Any]:
    host, config = described["HostConfig"], described["Config"]
    ports = host.get("PortBindings") or {}
    published = [
        f"{each.get('HostIp') or '*'}:{each.get('HostPort')}->{port}"
        for port, bindings in ports.items()
        for each in bindings or []
    ]
    mounts = [
        f"{each.get('Name') or each.get('Source')}:{each.get('Destination')}:{'rw' if each.get('RW') else 'ro'}"
        for each in described.get("Mounts") or []
    ]
    return {
        "ports": sorted(published),
        "mounts": sorted(mounts),
        "memory_bytes": host.get("Memory"),
        "cpus": host.get("NanoCpus"),
        "restart_policy": (host.get("RestartPolicy") or {}).get("Name"),
        "network": host.get("NetworkMode"),
        "log": host.get("LogConfig"),
        "user": config.get("User"),
        "entrypoint": config.get("Entrypoint"),
        "command": config.get("Cmd"),
        "health_check": (config.get("Healthcheck") or {}).get("Test"),
    }


def variables(described: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables it runs with; secrets are among them."""
    if "Config" in described:
        pairs = (text.partition("=") for text in described["Config"].get("Env") or [])
        return {name: value for name, _, value in pairs}
    return dict((described.get("spec") or {}).get("env") or {})
