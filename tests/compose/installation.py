"""The compose installation, brought up from a copy of the repository's files beside an SMS that was there before it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import yaml
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from tests.machine import compose, engine
from tests.machine.engine import IMAGE, OWN_LABEL, ROOT
from tests.places import ADMIN, SECRET_KEY, free_port, wait_for

COPIED = ("docker-compose.yml", "Dockerfile", ".dockerignore", "Caddyfile", "requirements.txt", "manage.py")
FOLDERS = ("smsops", "backups", "deployments", "incidents", "templates")
RELEASE = "1.18.1"
BUILT = "smsops-tests/smsops"
SANDBOX = "smsops-sandbox"
# Other tests use the sandbox's network at the same time, so it is not this project's; and one factor signs in here.
OVERRIDE = {
    "networks": {"sandbox": {"external": True, "name": SANDBOX}},
    "services": {"web": {"environment": {"SMSOPS_TOTP": "off"}}},
}


class Installation:
    """smsops by docker-compose, in a folder of its own, on free ports."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, f"smsops-tests-{uuid.uuid4().hex[:8]}"
        self.https, self.http, self.alerts, self.sms = (free_port() for _ in range(4))
        self.client = docker.DockerClient(base_url="unix:///var/run/docker.sock", timeout=120)
        for name in COPIED:
            shutil.copy2(ROOT / name, folder / name)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "docker-compose.override.yml").write_text(yaml.safe_dump(OVERRIDE))
        (folder / "sms").mkdir()
        (folder / "sms" / "sms.env").write_text(
            f"SECRET_KEY={SECRET_KEY}\nDEFAULT_ADMIN_EMAIL={ADMIN[0]}\nDEFAULT_ADMIN_PASSWORD={ADMIN[1]}\n"
        )
        (folder / ".env").write_text(
            f"SMSOPS_IMAGE={BUILT}\nSMSOPS_BIND=127.0.0.1\nSMSOPS_HTTPS_PORT={self.https}\nSMSOPS_HTTP_PORT={self.http}\n"
            f"SMSOPS_ALERTS_PORT={self.alerts}\nSMSOPS_WORK={folder / 'work'}\nSMS_FOLDER={folder / 'sms'}\n"
            f"SMS_VOLUME={self.name}\n"
        )

    def compose(self, *words: str, typed: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`docker-compose WORDS`; fails with what it said when it ends badly."""
        env = {**os.environ, "COMPOSE_DOCKER_CLI_BUILD": "0", "COMPOSE_HTTP_TIMEOUT": "300"}
        command = ["docker-compose", "--ansi", "never", "-p", self.name, *words]
        done = subprocess.run(
            command, cwd=self.folder, env=env, input=typed, capture_output=True, text=True, check=False, timeout=580
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    def manage(
        self, service: str, *words: str, typed: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """`manage.py WORDS` in a running service."""
        return self.compose("exec", "-T", service, "python", "manage.py", *words, typed=typed, check=check)

    def ops(self, *words: str, check: bool = True) -> Any:
        """What `manage.py ops WORDS --json` says in the worker."""
        return json.loads(self.manage("worker", "ops", *words, "--json", check=check).stdout)

    def containers(self) -> dict[str, Container]:
        """By service; those that ended as well."""
        wanted: dict[str, Any] = {"label": f"com.docker.compose.project={self.name}"}
        found = self.client.containers.list(all=True, filters=wanted, ignore_removed=True)
        return {each.labels["com.docker.compose.service"]: each for each in found}

    def unwell(self) -> dict[str, str]:
        """The services that are not up, or whose health is not good, and how they are."""
        states = {name: each.attrs["State"] for name, each in self.containers().items()}
        said = {name: (state.get("Health") or {}).get("Status", state["Status"]) for name, state in states.items()}
        over = {name for name, state in states.items() if state["Status"] == "exited" and state["ExitCode"] == 0}
        return {
            name: how for name, how in said.items() if how != "healthy" and name not in over & {"prepare", "migrate"}
        }

    def up(self) -> None:
        """Start everything; returns when all of it is well."""
        self.compose("up", "-d")
        try:
            wait_for(lambda: self.containers() and not self.unwell(), "all services to be healthy", 300)
        except AssertionError as error:
            log = self.compose("logs", "--tail=25", check=False).stdout
            raise AssertionError(f"{error}: {self.unwell()}\n{log[-6000:]}") from None

    def begin_sms(self, school: Path) -> None:
        """An SMS as its own script starts it: smsops is told of it later."""
        volume = self.client.volumes.create(self.name, labels={OWN_LABEL: "1"})
        data = Path(volume.attrs["Mountpoint"])
        shutil.copy2(school, data)
        for path in (data, data / school.name):
            shutil.chown(path, 1000, 1000)
        self.client.containers.run(
            f"{IMAGE}:{RELEASE}",
            name=self.name,
            detach=True,
            labels={OWN_LABEL: "1"},
            ports={"8000/tcp": self.sms},
            volumes={self.name: {"bind": "/data", "mode": "rw"}},
            environment=dict(line.split("=", 1) for line in (self.folder / "sms" / "sms.env").read_text().splitlines())
            | {"SMS_ENV": "production", "SMS_EXECUTION_MODE": "docker"},
            mem_limit="1024m",
        )

    def describe_sms(self, repository: Path) -> None:
        """Tell smsops of it, and the door after a look at what it would be allowed."""
        shutil.copytree(repository, self.folder / "sms" / "repository")
        told = {
            "preset": "sms-docker", "instance": self.name, "image": IMAGE, "volume": self.name,
            "data_path": "/var/lib/sms", "base_url": f"http://host.docker.internal:{self.sms}", "host_port": self.sms,
            "env_file": str(self.folder / "sms" / "sms.env"), "source_path": str(self.folder / "sms" / "repository"),
            "memory_limit_mb": 1024, "gate_seconds": 60, "steady_seconds": 0, "watch_seconds": 0,
            "smoke_email": ADMIN[0], "smoke_password": ADMIN[1],
        }  # fmt: skip
        (self.folder / "sms" / "environments.yaml").write_text(yaml.safe_dump({"school": told}))
        self.ops("env", "apply", str(self.folder / "sms" / "environments.yaml"))
        rules = self.manage("worker", "ops", "door-rules").stdout
        (self.folder / "door" / "door.yaml").write_text(rules)
        self.compose("kill", "-s", "HUP", "engine-door")

    def logs(self) -> str:
        return self.compose("logs", check=False).stdout

    def clear(self) -> None:
        """Remove everything of it, whatever became of it."""
        for each in self.client.containers.list(all=True, filters={"name": self.name}, ignore_removed=True):
            with suppress(APIError):
                each.remove(force=True, v=True)
        self.compose("down", "--volumes", "--remove-orphans", check=False)
        wanted = {"label": f"com.docker.compose.project={self.name}"}
        for volume in self.client.volumes.list(filters=wanted):
            with suppress(APIError):
                volume.remove(force=True)
        for network in self.client.networks.list(filters=wanted):
            with suppress(APIError):
                network.remove()
        with suppress(NotFound, APIError):
            self.client.volumes.get(self.name).remove()
        self.client.close()


@contextmanager
def installation() -> Iterator[Installation]:
    """One for the time of a test; its folder is where containers have nothing of their own."""
    compose.prepare()
    found = engine.client()
    assert found is not None
    if not found.networks.list(names=[SANDBOX]):
        found.networks.create(SANDBOX, internal=True, check_duplicate=True)
    found.close()
    folder = Path(tempfile.mkdtemp(prefix="smsops-tests-", dir="/var/tmp"))
    folder.chmod(0o755)
    place = Installation(folder)
    try:
        yield place
    finally:
        place.clear()
        shutil.rmtree(folder, ignore_errors=True)
