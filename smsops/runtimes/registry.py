"""From an environment's row to its driver."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from smsops.models import DatabaseEngine, Environment, RuntimeKind
from smsops.runtimes.base import Runtime, RuntimeSpec, Told
from smsops.runtimes.docker import DockerRuntime
from smsops.runtimes.process import ProcessRuntime

LOOK = 5  # seconds an engine has for one answer to somebody who only looks


def spec_of(environment: Environment) -> RuntimeSpec:
    """The plain values a driver works from."""
    return RuntimeSpec(
        environment=environment.name,
        image=environment.image,
        volume=environment.volume,
        data_path=environment.data_path,
        env_file=environment.env_file,
        host_port=environment.host_port,
        container_port=environment.container_port,
        memory_limit_mb=environment.memory_limit_mb,
        database_file=environment.database_file if environment.database_engine == DatabaseEngine.SQLITE else "",
        releases_path=environment.releases_path,
        interpreter=environment.interpreter,
        state_path=str(Path(settings.DATA_DIR) / "instances" / environment.name),
        docker_host=settings.SMSOPS_DOCKER_HOST,
    )


def sandbox_for(environment: Environment, data: Path, port: int, told: Told) -> Runtime:
    """A driver for a second SMS on the folder `data`, under names and a state folder of its own, and what it is
    told."""
    state = Path(settings.DATA_DIR) / "instances" / f"{environment.name}.sandbox"
    changes: dict[str, Any] = {"volume": "", "data_path": str(data), "state_path": str(state), "sandbox": True}
    spec = replace(spec_of(environment), host_port=port, told=told, **changes)
    return _driver(environment)(spec)


def command_for(environment: Environment, told: Told) -> Runtime:
    """A driver for commands that have SMS's own settings and network, save what they are told above them; they are kept
    apart from SMS's instances."""
    state = Path(settings.DATA_DIR) / "instances" / f"{environment.name}.commands"
    return _driver(environment)(replace(spec_of(environment), told=told, state_path=str(state)))


def runtime_for(environment: Environment) -> Runtime:
    """The driver of this environment's runtime."""
    return _driver(environment)(spec_of(environment))


def looking_at(environment: Environment, patience: int | None = None) -> Runtime:
    """The same for whoever only looks, and must not be kept by an engine that hangs."""
    return _driver(environment)(replace(spec_of(environment), patience=patience or LOOK))


def _driver(environment: Environment) -> type[DockerRuntime] | type[ProcessRuntime]:
    return DockerRuntime if environment.runtime == RuntimeKind.DOCKER else ProcessRuntime
