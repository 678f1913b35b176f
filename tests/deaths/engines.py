"""A Docker Engine of our own that can be killed. Nothing of it is in the machine's own namespaces: its processes,
mounts and networks go with the one process that holds them, whatever became of the tests."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker

from deployments.services import releases
from smsops.http import ask
from tests.backups.clusters import children_of
from tests.machine.engine import saved
from tests.machine.parts import find
from tests.places import DockerPlace, wait_for

CLONE_NEWNET = 0x40000000
VERSIONS = ("1.18.1", "1.19.0")
# Makes the room, then takes in the dead as any init does: an engine takes a dead containerd nobody took in for alive.
ROOM = """
import contextlib, os, signal, subprocess
for words in ("mount --make-rprivate /", "mount -t tmpfs none /run/containerd", "mount -t tmpfs none /run/docker",
              "ip link set lo up"):
    subprocess.run(words.split(), check=True)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
print("made", flush=True)
while signal.sigwait({signal.SIGCHLD}):
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
"""


class Engine:
    """dockerd as Debian installs it, with nothing set but where its files are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/sock"
        for name in ("/run/containerd", "/run/docker"):
            Path(name).mkdir(exist_ok=True)
        words = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        room = [sys.executable, "-I", "-c", ROOM]
        self.holder = subprocess.Popen([*words, *room], stdout=subprocess.PIPE)
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == b"made\n"
        (self.room,) = children_of(self.holder.pid)

    def launch(self) -> None:
        words = ["nsenter", "-t", str(self.room), "-n", "-m", "-p", "--", find("dockerd") or "dockerd"]
        words += [f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec", f"--host={self.url}"]
        words += [f"--pidfile={self.folder}/pid", f"--cgroup-parent={self.folder.name}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)

    def answers(self) -> bool:
        return ask(self.url, "/_ping").ok

    def kill(self) -> None:
        """SIGKILL to the engine; what it watches over lives on, as the engine means it to."""
        wait_for(lambda: children_of(self.process.pid) or self.process.poll() is not None, "the engine to be born")
        for pid in children_of(self.process.pid):
            os.kill(pid, 9)
        self.process.wait()

    def load(self, archive: Path) -> None:
        with archive.open("rb") as file, contextlib.closing(docker.DockerClient(self.url)) as client:
            client.images.load(file)

    @contextlib.contextmanager
    def reached(self) -> Iterator[None]:
        """This thread, and whatever it starts, is where the engine's containers can be reached."""
        with Path("/proc/thread-self/ns/net").open() as here, Path(f"/proc/{self.room}/ns/net").open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def end(self) -> None:
        self.holder.kill()
        self.holder.communicate()
        self.process.wait()
        found = [path for each in ("", "*/") for path in Path("/sys/fs/cgroup").glob(f"{each}{self.folder.name}/**/")]
        for folder in sorted(found, reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _enter(network: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """A running engine with the images of two releases, and nothing of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="smsops-tests-engine-"))
    found = Engine(folder)
    try:
        found.launch()
        wait_for(found.answers, "the engine")
        found.load(saved(VERSIONS))
        yield found
    finally:
        found.end()
        shutil.rmtree(folder)


class ApartPlace(DockerPlace):
    """An SMS in such an engine."""

    def _add_releases(self) -> None:
        releases.import_all(self.environment)
