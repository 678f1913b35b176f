"""The driver for a Docker Engine (API 1.41 and later), through the docker SDK."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from smsops import envfile
from smsops.errors import OpsError
from smsops.process import Completed
from smsops.runtimes import docker_options as options
from smsops.runtimes import docker_views as views
from smsops.runtimes.base import Command, Event, Instance, LogLine, RuntimeSpec
from smsops.runtimes.docker_errors import translated
from smsops.runtimes.docker_images import DockerImages

SANDBOX_NETWORK = "smsops-sandbox"


@functools.lru_cache(maxsize=16)
def _client(host: str, patience: int, pid: int) -> docker.DockerClient:
    """One connection pool per engine, patience and process: a forked worker must not share its parent's sockets."""
    return docker.DockerClient(base_url=host, version="auto", timeout=patience)


class DockerRuntime(DockerImages):
    """SMS as a container: one volume at /data, one published port, restarted unless stopped (sms-contract §6)."""

    def __init__(self, spec: RuntimeSpec) -> None:
        self.spec = spec

    @property
    def client(self) -> docker.DockerClient:
        return _client(self.spec.docker_host, self.spec.patience, os.getpid())

    @translated
    def ping(self) -> None:
        self.client.ping()

    @translated
    def now(self) -> datetime | None:
        return views.when(self.client.info().get("SystemTime", ""))

    @translated
    def outlived(self) -> bool:
        return bool(self.client.info().get("LiveRestoreEnabled"))

    @translated
    def create(
        self, name: str, image_id: str, labels: Mapping[str, str], command: Command | None = None, port: int = 0
    ) -> Instance:
        spec = self.spec
        where = self._apart() if spec.sandbox else self._in_place(port)
        image = self.image(image_id)
        if image is None:
            raise OpsError(f"The image {image_id[:19]} is not in the Docker Engine.", fix="Build or load it first.")
        settings = envfile.read(spec.env_file)
        container = self.client.containers.create(
            image_id,
            name=name,
            labels={**labels, "smsops.version": image.version},
            environment={
                **(envfile.cut_off(settings) if spec.sandbox else settings),
                **spec.told.variables,
                **(options.BEHIND_EDGE if port else {}),
                "SMS_ENV": "production",
                "SMS_EXECUTION_MODE": "docker",
            },
            **options.bounds(spec),
            **(where | (options.instead(command) if command is not None else {})),
        )
        return views.instance(container.attrs)

    def _in_place(self, port: int) -> dict[str, Any]:
        """The real SMS: on its volume, at its port, started again by the engine."""
        self._volume()  # the engine would silently make a new, empty one (sms-contract, surprise 22)
        return options.in_place(self.spec, port)

    def _apart(self) -> dict[str, Any]:
        """A sandbox: on a folder, in a network that leads nowhere."""
        if not self.client.networks.list(names=[SANDBOX_NETWORK]):
            with contextlib.suppress(APIError):  # another worker was faster
                self.client.networks.create(SANDBOX_NETWORK, internal=True, check_duplicate=True)
        return options.apart(self.spec, str(self.data_folder()), SANDBOX_NETWORK)

    @translated
    def address(self, name: str) -> str:
        attributes = self._get(name).attrs
        if not self.spec.sandbox:
            return f"http://127.0.0.1:{views.instance(attributes).port or self.spec.host_port}"
        networks = attributes["NetworkSettings"]["Networks"]
        return f"http://{networks[SANDBOX_NETWORK]['IPAddress'] or '127.0.0.1'}:{self.spec.container_port}"

    @translated
    def start(self, name: str) -> None:
        self._get(name).start()

    @translated
    def stop(self, name: str, grace: float) -> None:
        container = self._find(name)
        if container is not None and container.status not in ("created", "exited", "dead"):
            container.stop(timeout=int(grace))

    @translated
    def rename(self, name: str, to: str) -> None:
        self._get(name).rename(to)

    @translated
    def remove(self, name: str) -> None:
        container = self._find(name)
        if container is not None:
            container.remove(v=False)

    @translated
    def inspect(self, name: str) -> Instance | None:
        container = self._find(name)
        return None if container is None else views.instance(container.attrs)

    @translated
    def instances(self) -> list[Instance]:
        wanted: dict[str, str | list[str] | bool] = {"label": f"smsops.environment={self.spec.environment}"}
        # ignore_removed: between listing and reading one of them may go
        found = self.client.containers.list(all=True, filters=wanted, ignore_removed=True)
        return [views.instance(container.attrs) for container in found]

    @translated
    def describe(self, name: str) -> dict[str, object]:
        container = self._find(name)
        return {} if container is None else dict(container.attrs)

    @translated
    def logs(self, name: str, lines: int, since: datetime | None = None) -> str:
        container = self._find(name)
        if container is None:
            return ""
        output: bytes = container.logs(tail=lines, since=since.timestamp() if since else None)
        return output.decode("utf-8", "replace")

    def log_lines(self, name: str, since: datetime | None = None, last: int = 0) -> Generator[LogLine]:
        pieces = self._log_pieces(name, since, last)
        rest = b""
        try:
            while piece := self._next_piece(pieces):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    at, _, text = line.decode("utf-8", "replace").partition(" ")
                    yield LogLine(at, text)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    @translated
    def _log_pieces(self, name: str, since: datetime | None, last: int) -> Iterator[bytes]:
        container = self._find(name)
        if container is None:
            return iter(())
        stream: Iterator[bytes] = container.logs(
            stream=True, follow=False, timestamps=True, since=since and since.timestamp(), tail=last or "all"
        )
        return stream

    @translated
    def _next_piece(self, pieces: Iterator[bytes]) -> bytes:
        return next(pieces, b"")

    @translated
    def events(self, name: str, since: datetime, until: datetime) -> list[Event]:
        container = self._find(name)
        if container is None:
            return []
        # By id: by name the engine also returns what happened to earlier containers of that name.
        filters = {
            "type": "container",
            "container": container.id,
            "event": ["start", "die", "oom", "restart", "stop"],
        }
        span: Any = {"since": views.stamp(since), "until": views.stamp(until)}  # its stubs know whole seconds only
        stream = self.client.events(**span, filters=filters, decode=True)
        found = [views.event(item) for item in stream]
        return [event for event in found if since <= event.at <= until]

    @translated
    def run_once(self, image_id: str, argv: Sequence[str], timeout: float, workdir: str = "") -> Completed:
        container = self.client.containers.create(
            image_id,
            entrypoint=[],
            command=list(argv),
            working_dir=f"{options.APP_ROOT}/{workdir}",
            network_disabled=True,
            mem_limit=f"{self.spec.memory_limit_mb}m",
            labels={"smsops.environment": self.spec.environment, "smsops.once": "1"},
        )
        began = time.monotonic()
        try:
            container.start()
            code = int(container.wait(timeout=timeout)["StatusCode"])
            stdout = container.logs(stdout=True, stderr=False).decode("utf-8", "replace")
            stderr = container.logs(stdout=False, stderr=True).decode("utf-8", "replace")
        except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError) as error:
            if time.monotonic() - began < timeout:
                raise
            raise OpsError(f"The command {argv[0]} took longer than {timeout:.0f} s in its container.") from error
        finally:
            container.remove(force=True, v=True)
        return Completed(tuple(argv), code, stdout, stderr)

    @translated
    def data_folder(self) -> Path:
        folder = Path(self.spec.data_path or self._volume()["Mountpoint"])
        try:
            reachable = folder.is_dir()
        except PermissionError:
            reachable = False
        if not reachable:
            raise OpsError(
                f"The worker cannot see the data folder {folder}.",
                fix="Mount the volume into the worker and set the environment's data path to it.",
            )
        return folder

    def _volume(self) -> dict[str, Any]:
        try:
            attributes: dict[str, Any] = self.client.volumes.get(self.spec.volume).attrs
        except NotFound:
            raise OpsError(
                f"The volume {self.spec.volume} does not exist in the Docker Engine.",
                fix="Check the volume's name, or create it for a first installation.",
            ) from None
        return attributes

    def _find(self, name: str) -> Container | None:
        try:
            return self.client.containers.get(name)
        except NotFound:
            return None

    def _get(self, name: str) -> Container:
        container = self._find(name)
        if container is None:
            raise OpsError(f"There is no container called {name}.")
        return container
