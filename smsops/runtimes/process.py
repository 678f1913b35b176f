"""The driver for SMS run natively: supervised processes in folders whose names are the instances' names."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smsops import envfile, process
from smsops.errors import NameTaken, OpsError, RuntimeUnavailable
from smsops.process import Completed
from smsops.runtimes import instance_folder as folders
from smsops.runtimes import ports, release_folders
from smsops.runtimes.base import Command, Event, Image, Instance, LogLine, RuntimeSpec, Status
from smsops.runtimes.process_images import ProcessImages

SUPERVISOR = Path(__file__).with_name("supervisor.py")


class ProcessRuntime(ProcessImages):
    """SMS in its NATIVE mode: an image is an unpacked release, an instance a folder with a supervisor in it."""

    def __init__(self, spec: RuntimeSpec) -> None:
        self.spec = spec
        self.root = Path(spec.state_path)

    def ping(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise RuntimeUnavailable(f"The folder {self.root} cannot be used: {error.strerror}.") from error

    def now(self) -> datetime | None:
        return datetime.now(UTC)

    def outlived(self) -> bool:
        return True  # each instance has a supervisor of its own

    def create(
        self, name: str, image_id: str, labels: Mapping[str, str], command: Command | None = None, port: int = 0
    ) -> Instance:
        self.ping()
        image = self.image(image_id)
        if image is None:
            raise OpsError(f"The release {image_id[:19]} is not in {self.spec.releases_path}.", fix="Import it first.")
        spec = self._spec(image, labels, command, port or self.spec.host_port)
        new = self.root / f".new-{uuid.uuid4().hex}"
        try:
            new.mkdir(mode=0o700)
            (new / "spec.json").touch(mode=0o600)  # it holds SMS's environment, secrets included
            (new / "spec.json").write_text(json.dumps(spec))
            self._move(new, name)
        except OSError as error:
            raise OpsError(f"The instance cannot be written to {self.root}: {error.strerror}.") from error
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return folders.view(self.root / name)

    def _spec(self, image: Image, labels: Mapping[str, str], command: Command | None, port: int) -> dict[str, Any]:
        release = release_folders.folder_of(Path(self.spec.releases_path), image)
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "MALLOC_ARENA_MAX": "2",  # the limit is one of address space, and each thread's own arena takes 64 MB of it
            **self._settings(),
            "SMS_ENV": "development",  # SMS refuses “production” outside Docker (sms-contract §6, exit code 1)
            "SMS_EXECUTION_MODE": "native",
            "SMS_HOST": "127.0.0.1",
            "SMS_PORT": str(port),
        }
        if self.spec.database_file:
            env["DATABASE_URL"] = f"sqlite:///{self.data_folder() / self.spec.database_file}"
        return {
            "id": uuid.uuid4().hex,
            "image_id": image.id,
            "version": image.version,
            "argv": self._words(command.argv) if command else [self._interpreter, "-u", "backend/entrypoint.py"],
            "cwd": str(release / command.workdir if command else release),
            "once": command is not None,
            "env": env,
            "labels": dict(labels),
            "memory_limit_mb": self.spec.memory_limit_mb,
        }

    def _words(self, argv: Sequence[str]) -> list[str]:
        return [self._interpreter if word == "python" else word for word in argv]

    def _settings(self) -> dict[str, str]:
        settings = envfile.read(self.spec.env_file)
        return {**(envfile.cut_off(settings) if self.spec.sandbox else settings), **self.spec.told.variables}

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{folders.view(self._existing(name)).port or self.spec.host_port}"

    @property
    def _interpreter(self) -> str:
        return self.spec.interpreter or sys.executable

    def start(self, name: str) -> None:
        folder = self._existing(name)
        if folders.view(folder).status in (Status.RUNNING, Status.RESTARTING):
            return
        spec = json.loads((folder / "spec.json").read_text())
        if not spec.get("once"):
            ports.refuse_taken(int(spec["env"]["SMS_PORT"]))
        (folder / "stop.json").unlink(missing_ok=True)
        subprocess.run([sys.executable, "-I", str(SUPERVISOR), str(folder)], check=True, timeout=30)

    def stop(self, name: str, grace: float) -> None:
        folder = self.root / name
        if not folder.is_dir() or not folders.supervised(folder):
            return
        with contextlib.suppress(OSError):  # a full disk: the supervisor then uses its own grace
            folders.write_stop(folder, grace)
        told, deadline = False, time.monotonic() + grace + 10
        while folders.supervised(folder):
            if time.monotonic() > deadline:
                raise OpsError(f"{name} did not end within {grace + 10:.0f} s.")
            # A supervisor that has only just begun has not written its number yet; an older one is somebody else's.
            pid = None if told else folders.supervisor_pid(folder)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
                told = True
            time.sleep(0.01)

    def rename(self, name: str, to: str) -> None:
        self._move(self._existing(name), to)

    def remove(self, name: str) -> None:
        folder = self.root / name
        if not folder.is_dir():
            return
        if folders.supervised(folder):
            raise OpsError(f"{name} still runs; stop it before removing it.")
        trash = self.root / f".gone-{uuid.uuid4().hex}"
        folder.rename(trash)
        shutil.rmtree(trash)

    def inspect(self, name: str) -> Instance | None:
        folder = self.root / name
        while folder.is_dir():
            # Renamed or removed between two looks: look again under this name.
            with contextlib.suppress(FileNotFoundError):
                return folders.view(folder)
        return None

    def instances(self) -> list[Instance]:
        if not self.root.is_dir():
            return []
        while True:
            with contextlib.suppress(FileNotFoundError):
                names = sorted(folder for folder in self.root.iterdir() if not folder.name.startswith("."))
                return [folders.view(folder) for folder in names]

    def describe(self, name: str) -> dict[str, object]:
        folder = self.root / name
        if not folder.is_dir():
            return {}
        return {"spec": json.loads((folder / "spec.json").read_text()), "state": folders.state(folder)}

    def logs(self, name: str, lines: int, since: datetime | None = None) -> str:
        return folders.log_tail(self.root / name, lines, since)

    def log_lines(self, name: str, since: datetime | None = None, last: int = 0) -> Generator[LogLine]:
        folder = self.root / name
        return folders.newest_lines(folder, since, last) if last else folders.log_lines(folder, since)

    def events(self, name: str, since: datetime, until: datetime) -> list[Event]:
        return folders.events(self.root / name, since, until)

    def run_once(self, image_id: str, argv: Sequence[str], timeout: float, workdir: str = "") -> Completed:
        image = self.image(image_id)
        if image is None:
            raise OpsError(f"The release {image_id[:19]} is not in {self.spec.releases_path}.")
        folder = release_folders.folder_of(Path(self.spec.releases_path), image)
        return process.run(self._words(argv), timeout=timeout, cwd=folder / workdir)

    def data_folder(self) -> Path:
        folder = Path(self.spec.data_path)
        if not folder.is_dir():
            raise OpsError(f"The data folder {folder} does not exist.", fix="Check the environment's data path.")
        return folder

    def _existing(self, name: str) -> Path:
        folder = self.root / name
        if not folder.is_dir():
            raise OpsError(f"There is no instance called {name}.")
        return folder

    def _move(self, folder: Path, name: str) -> None:
        """One rename(2), which the kernel refuses when the name is taken by a folder with something in it."""
        try:
            folder.rename(self.root / name)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise NameTaken(f"The name {name} is already in use.") from error
            raise OpsError(f"{folder.name} cannot become {name}: {error.strerror}.") from error
