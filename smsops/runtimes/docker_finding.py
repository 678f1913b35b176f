"""Containers that look like SMS, in a Docker Engine that smsops was told nothing about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import docker

from smsops.runtimes.docker_errors import translated
from smsops.runtimes.docker_options import DATA_MOUNT
from smsops.runtimes.finding import DATABASE, Found, on_server, sqlite_file

ENOUGH = 2  # signs that make a container one of SMS
NO_PORT = "It publishes no port on this machine: the port and the address below are a guess."
NO_ENV_FILE = (
    "The engine does not know with which env file it was started: name it below. Backups work without it; a deploy "
    "makes the container anew and needs it."
)


@translated
def find(host: str, patience: int) -> list[Found]:
    """Those of this engine, running ones first. RuntimeUnavailable when it does not answer."""
    client = docker.DockerClient(base_url=host, version="auto", timeout=patience)
    try:
        every = client.containers.list(all=True, ignore_removed=True)
        found = [_found(container.attrs) for container in every if not _ours(container.attrs)]
    finally:
        client.close()
    return sorted((each for each in found if len(each.why) >= ENOUGH), key=lambda each: (not each.running, each.title))


def _ours(attributes: Mapping[str, Any]) -> bool:
    """One smsops made for a moment (a command, a sandbox, a candidate without the name yet), or smsops itself."""
    config = attributes["Config"]
    labels, image = config.get("Labels") or {}, str(config.get("Image", "")).rpartition("/")[2]
    return "smsops.once" in labels or "smsops.sandbox" in labels or image.startswith("smsops")


def _found(attributes: Mapping[str, Any]) -> Found:
    config, host = attributes["Config"], attributes.get("HostConfig") or {}
    variables = dict(pair.partition("=")[::2] for pair in config.get("Env") or [])
    name, (image, version) = attributes["Name"].lstrip("/"), _image(config["Image"])
    mount = next((each for each in attributes.get("Mounts") or [] if each.get("Destination") == DATA_MOUNT), None)
    inside, outside = _ports(host, config)
    fields: dict[str, Any] = {"runtime": "docker", "preset": "sms-docker", "instance": name, "image": image}
    fields |= {"volume": (mount or {}).get("Name") or "", "compose_file": _compose_file(config)}
    fields |= {"container_port": inside, "host_port": outside, "base_url": f"http://127.0.0.1:{outside}"}
    if memory := host.get("Memory"):
        fields["memory_limit_mb"] = max(64, memory // 1_048_576)
    database, lacking, address = _database(variables.get("DATABASE_URL", ""))
    lacking = [NO_ENV_FILE, *_no_volume(mount), *lacking, *([] if _published(host) else [NO_PORT])]
    title = f"{name} ({image}:{version})"
    running = attributes["State"]["Status"] == "running"
    why = _why(name, image, variables, mount, "8000/tcp" in {*(config.get("ExposedPorts") or {}), *_published(host)})
    return Found(f"docker:{attributes['Id'][:12]}", "docker", title, running, why, fields | database, lacking, address)


def _why(name: str, image: str, variables: Mapping[str, str], mount: object, listens: bool) -> list[str]:
    signs = {
        f"its image is called {image}": "sms" in PurePosixPath(image).name.lower(),
        f"it is called {name}": name.lower().startswith("sms"),
        "it has SMS's settings": bool({"SMS_ENV", "SMS_EXECUTION_MODE"} & variables.keys()),
        f"its data is at {DATA_MOUNT}": mount is not None,
        "it listens on port 8000": listens,
    }
    return [said for said, holds in signs.items() if holds]


def _image(named: str) -> tuple[str, str]:
    """`host:5000/sms-fullstack:1.18.0` → the name and the version; one named by its digest alone has no version."""
    name, _, tag = named.partition("@")[0].rpartition(":")
    return (name, tag) if name and "/" not in tag else (named.partition("@")[0], "latest")


def _published(host: Mapping[str, Any]) -> set[str]:
    """The ports inside that this machine leads to."""
    return {inside for inside, bindings in (host.get("PortBindings") or {}).items() if bindings}


def _ports(host: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[int, int]:
    """The port inside, and the one of this machine that leads there."""
    for inside, bindings in (host.get("PortBindings") or {}).items():
        asked = next((each.get("HostPort") for each in bindings or () if each.get("HostPort")), None)
        if asked and inside.endswith("/tcp"):
            return int(inside.partition("/")[0]), int(asked)
    exposed = [name.partition("/")[0] for name in config.get("ExposedPorts") or {}]
    return (int(exposed[0]) if len(exposed) == 1 else 8000), 8080


def _compose_file(config: Mapping[str, Any]) -> str:
    named = (config.get("Labels") or {}).get("com.docker.compose.project.config_files", "").split(",")[0]
    return named if named.startswith("/") else ""


def _no_volume(mount: Mapping[str, Any] | None) -> list[str]:
    if mount is None:
        return [f"Nothing is mounted at {DATA_MOUNT}: its data goes away with the container."]
    if not mount.get("Name"):
        return [f"Its data is in the folder {mount.get('Source')}, not in a volume; smsops needs a volume."]
    return []


def _database(url: str) -> tuple[dict[str, Any], list[str], str]:
    """Its engine and place, what could not be read of it, and the address of one on a server."""
    if on_server(url):
        return {"database_engine": "postgresql"}, [
            "Its database is on a server; the address it uses inside its network may not be yours: see below."
        ], url  # fmt: skip
    path = PurePosixPath(sqlite_file(url, "/app") or f"{DATA_MOUNT}/{DATABASE}")
    if path.is_relative_to(DATA_MOUNT):
        return {"database_engine": "sqlite", "database_file": str(path.relative_to(DATA_MOUNT))}, [], ""
    return {"database_engine": "sqlite", "database_file": path.name}, [
        f"Its database {path} is not on the volume at {DATA_MOUNT}."
    ], ""  # fmt: skip
