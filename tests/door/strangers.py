"""What stands on the host beside SMS, and an SMS's rules: for visitors who want more than that."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from tests.door.doors import ENGINE, RunningDoor
from tests.machine.engine import BASE, IMAGE, OWN_LABEL

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # processes that test side by side share the engine
SMS, OTHER = f"smsops-tests-door{WORKER}", f"smsops-tests-stranger{WORKER}"  # an SMS's instance, and a stranger's
GOOD = f"{IMAGE}:1.18.1"
LABELS = {"smsops.environment": "door", "smsops.run": "1"}


def rules(folder: Path) -> dict[str, Any]:
    """One environment; its work folder is `folder`/work."""
    own = {"instance": SMS, "image": IMAGE, "volume": SMS, "ports": {8000: 38000}, "own_ports": "38100-38199"}
    return {"environments": {"door": own}, "work_folders": [str(folder / "work")]}


@dataclass
class Host:
    """The host as the engine itself sees it."""

    client: docker.DockerClient
    folder: Path

    @property
    def count(self) -> int:
        """How many containers there are of these tests."""
        return len(self.client.containers.list(all=True, filters={"name": SMS}, ignore_removed=True))


@contextmanager
def host(folder: Path) -> Iterator[Host]:
    """A container and a volume of somebody else, and an SMS's volume; all of it goes again."""
    client = docker.DockerClient(base_url=ENGINE)
    (folder / "work" / "data").mkdir(parents=True)
    (folder / "work" / "link").symlink_to("/etc")
    volumes = [client.volumes.create(name, labels={OWN_LABEL: "1"}) for name in (SMS, OTHER)]
    other = client.containers.create(
        BASE, ["sleep", "60"], name=OTHER, labels={OWN_LABEL: "1"}, environment=["PASSWORD=canary"]
    )
    try:
        yield Host(client, folder)
    finally:
        for found in client.containers.list(all=True, filters={"name": SMS}, ignore_removed=True):
            found.remove(force=True)
        other.remove(force=True)
        for volume in volumes:
            volume.remove()
        client.close()


def body(**changes: Any) -> dict[str, Any]:
    """What smsops asks for, with changes; those of `host_config` are in its HostConfig."""
    host_config = {
        "Memory": 2**28,
        "MemorySwap": 2**28,
        "NetworkMode": "default",
        "Binds": [f"{SMS}:/data:rw"],
        "PortBindings": {"8000/tcp": [{"HostIp": "", "HostPort": "38000"}]},
        "RestartPolicy": {"Name": "unless-stopped"},
        **changes.pop("host_config", {}),
    }
    return {"Image": GOOD, "Labels": LABELS, "Env": ["A=b"], "HostConfig": host_config, **changes}


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    text: str

    @property
    def message(self) -> str:
        return str(json.loads(self.text.partition("\r\n\r\n")[2])["message"])


def say(door: RunningDoor, raw: bytes) -> Said:
    """Send these very bytes, and read until the door hangs up or has answered."""
    with socket.socket(socket.AF_UNIX) as visitor:
        visitor.settimeout(20)
        visitor.connect(str(door.socket))
        visitor.sendall(raw)
        heard = b""
        while not _whole(heard) and (piece := visitor.recv(65536)):
            heard += piece
    text = heard.decode("utf-8", "replace")
    return Said(int(text.split(" ")[1]), text)


def _whole(heard: bytes) -> bool:
    head, end, rest = heard.partition(b"\r\n\r\n")
    if head.split(b" ")[1:2] == [b"204"]:
        return bool(end)
    if b"transfer-encoding: chunked" in head.lower():
        return rest.endswith(b"0\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and bool(length) and len(rest) >= int(length[0].split(b":")[1])


def ask(door: RunningDoor, words: str, value: Any = None, *head: str) -> Said:
    """A request in one line, “POST /v1.41/…”; `value` is sent as JSON, or as it is when it is text."""
    text = b"" if value is None else (value if isinstance(value, str) else json.dumps(value)).encode()
    lines = [f"{words} HTTP/1.1", "Host: x", *head, f"Content-Length: {len(text)}", "", ""]
    return say(door, "\r\n".join(lines).encode() + text)
