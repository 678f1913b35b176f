"""The port to whatever runs SMS.

A runtime keeps *instances* (containers, or supervised processes) under names that are unique: a second instance of a
name is refused with NameTaken. Renaming the wanted instance to the canonical name is therefore a commit point that
only one worker can win. Drivers know plain values, never models, and raise OpsError (RuntimeUnavailable when the
engine itself does not answer).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from smsops.process import Completed


class Status(StrEnum):
    CREATED = "created"  # never started, or its start was refused
    RUNNING = "running"
    RESTARTING = "restarting"  # died and waits to be started again
    EXITED = "exited"


@dataclass(frozen=True)
class Image:
    """What a release is started from. `id` names exactly these bytes; the version may be given to others later."""

    id: str
    version: str
    created: datetime | None = None


@dataclass(frozen=True)
class Instance:
    """What the engine says about one instance, at one moment."""

    name: str
    id: str
    image_id: str
    version: str
    status: Status
    restarts: int = 0  # by the engine itself since the last start by hand
    exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    port: int = 0  # on which this machine reaches it; 0: none of its own

    @property
    def up(self) -> bool:
        return self.status is Status.RUNNING


@dataclass(frozen=True)
class Event:
    """Something that happened to an instance: `start`, `die`, `oom`, `restart`, `stop`."""

    at: datetime
    action: str
    exit_code: int | None = None


@dataclass(frozen=True)
class LogLine:
    """One line of an instance's output. `at` is when the engine took it: ISO 8601 in UTC, as precise as the engine is,
    sorting as text."""

    at: str
    text: str


@dataclass(frozen=True)
class Told:
    """What an SMS on a copy is told above its own settings, where its database is not in its data folder.

    `folders` are those it is shown in a container, by where they are on this machine; `address` is where the worker
    itself reaches the database. All of it is secret.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True)
class Command:
    """What an instance runs instead of SMS, once: `argv` in a folder below the application's root. The program “python”
    is the one SMS runs with. It has SMS's settings and data, and is not started again when it ended."""

    argv: tuple[str, ...]
    workdir: str = ""


@dataclass(frozen=True)
class RuntimeSpec:
    """Everything a driver must know about the SMS it runs."""

    environment: str
    image: str
    volume: str
    data_path: str
    env_file: str
    host_port: int  # the public port, and an instance's own where it is given no other
    container_port: int
    memory_limit_mb: int
    database_file: str  # empty: SMS finds its database by its own settings
    releases_path: str = ""
    interpreter: str = ""
    state_path: str = ""
    docker_host: str = ""
    sandbox: bool = False  # instances run on a copy: no published port, no other network, not started again
    told: Told = field(default_factory=Told, repr=False)
    patience: int = 60  # seconds an engine has for each answer, before it is away


class Runtime(Protocol):
    """The contract every driver keeps; tests/contracts/test_runtime.py holds it against all of them."""

    spec: RuntimeSpec

    def ping(self) -> None:
        """Return when the engine answers; raise RuntimeUnavailable otherwise."""

    def now(self) -> datetime | None:
        """What time it is by the engine's clock; None where it does not say."""

    def outlived(self) -> bool:
        """Whether SMS goes on while the engine itself is restarted."""

    def image(self, reference: str) -> Image | None:
        """Find an image by its id or by its version; None when it is not there."""

    def images(self) -> list[Image]:
        """All images of this SMS."""

    def build(self, folder: Path, tag: str, labels: Mapping[str, str], *, fresh: bool = False) -> Generator[str]:
        """Build an image of the release unpacked in `folder`, under a tag no other one uses; `fresh`: without anything
        an earlier build left. Yields its log line by
        line, and an empty line at least once a second; closing the generator, or the worker's death, ends the build.
        OpsError with the engine's complaint when it fails; nothing has the tag then."""

    def load(self, file: Path, tag: str) -> Generator[str]:
        """Take the one image out of a tar, under this tag and none of those it brings. Yields as `build` does."""

    def name_image(self, image_id: str, version: str, instead_of: str = "") -> None:
        """Give the image this version. NameTaken when another image has it, except that of the id `instead_of`, which
        loses it."""

    def remove_image(self, version: str) -> None:
        """Take this version away; the image goes with its last one. A missing one is fine; OpsError when an instance
        was made from it."""

    def create(
        self, name: str, image_id: str, labels: Mapping[str, str], command: Command | None = None, port: int = 0
    ) -> Instance:
        """Make an instance without starting it: of SMS, or of a command from the same image. With `port` it listens
        there, for this machine alone. NameTaken when the name is in use."""

    def start(self, name: str) -> None:
        """Start it and return at once; a running one is left alone. The engine restarts it when it dies."""

    def stop(self, name: str, grace: float) -> None:
        """Ask it to end, kill it after `grace` seconds, and return when it is gone; it stays stopped. Stopping a
        stopped or missing instance does nothing."""

    def rename(self, name: str, to: str) -> None:
        """Give it another name, in one step. NameTaken when there is an instance of that name."""

    def remove(self, name: str) -> None:
        """Remove a stopped instance, never its data; a missing one is fine."""

    def inspect(self, name: str) -> Instance | None:
        """Tell what is known of the instance of that name now; None when there is none."""

    def instances(self) -> list[Instance]:
        """All instances of this environment that smsops made, and whatever holds their labels."""

    def describe(self, name: str) -> dict[str, object]:
        """Everything the engine knows of the instance, as evidence; secrets are in it. Empty when there is none."""

    def logs(self, name: str, lines: int, since: datetime | None = None) -> str:
        """The last `lines` lines of its output (stdout and stderr), oldest first; empty when there is none."""

    def log_lines(self, name: str, since: datetime | None = None, last: int = 0) -> Generator[LogLine]:
        """All of its output that the engine still has, oldest first, from about `since` on: a line may come that is a
        little older. With `last` only so many of the newest lines, which is cheap however long the log is. Nothing when
        there is no such instance."""

    def events(self, name: str, since: datetime, until: datetime) -> list[Event]:
        """What happened to the instance that has this name now, oldest first. An engine may have forgotten some: look
        at `inspect` too."""

    def run_once(self, image_id: str, argv: Sequence[str], timeout: float, workdir: str = "") -> Completed:
        """Run a command from the image, away from the data, and return what it said. `workdir` is a folder below the
        application's root; the program “python” is the one SMS runs with."""

    def address(self, name: str) -> str:
        """Where this machine reaches the instance, as a web address; the instance must have been started."""

    def data_folder(self) -> Path:
        """The folder in which this worker sees SMS's data. OpsError when it is missing or cannot be reached."""
