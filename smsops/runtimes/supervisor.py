"""Keeps one natively run SMS alive: `python supervisor.py FOLDER`.

A program of its own, with nothing but the standard library, so that it starts fast and outlives every worker. It
stands to the process runtime as the engine's restart policy stands to containers: it restarts what dies (0.1 s,
doubling to 10 s, from the beginning after 10 s of life), counts it, and stops for good when told to.

FOLDER holds spec.json (what to run) and gets state.json, events.jsonl, log and log.1 … log.4. The folder may be
renamed meanwhile: all paths are relative to it. A lock on FOLDER/lock tells whether a supervisor lives.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

LOG_BYTES = 10 * 1024 * 1024  # as `max-size` of the docker runtime
LOG_FILES = 5
FIRST_DELAY, LAST_DELAY, HEALTHY_AFTER = 0.1, 10.0, 10.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded before any fork


def now() -> str:
    """The time as written in logs and states: UTC, microseconds, sortable as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def started(pid: int) -> str | None:
    """When a process was started, as the kernel counts it; tells it from a later one of the same number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def write_json(name: str, data: dict[str, Any]) -> None:
    """Replace a file in one step, so that a reader sees the old or the new one."""
    private = Path(f".{name}.new")
    private.write_text(json.dumps(data))
    private.replace(name)


class Log:
    """The output of SMS, a time before every line, in a few files of bounded size."""

    def __init__(self) -> None:
        self.file = Path("log").open("ab", buffering=0)  # noqa: SIM115

    def line(self, text: bytes) -> None:
        if self.file.tell() > LOG_BYTES:
            self._rotate()
        with contextlib.suppress(OSError):  # a full disk must not stop SMS
            self.file.write(now().encode() + b" " + text.rstrip(b"\n") + b"\n")

    def _rotate(self) -> None:
        self.file.close()
        for number in range(LOG_FILES - 1, 0, -1):
            older = Path("log" if number == 1 else f"log.{number - 1}")
            with contextlib.suppress(FileNotFoundError):
                older.replace(f"log.{number}")
        self.file = Path("log").open("ab", buffering=0)  # noqa: SIM115


class Supervisor:
    """One SMS, from start to stop."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.log = Log()
        self.stopping = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None
        me = os.getpid()
        self.state: dict[str, Any] = {"supervisor_pid": me, "supervisor_started": started(me), "restarts": 0}
        self.state["status"] = "created"

    def note(self, action: str | None = None, **changes: Any) -> None:
        """Write the state down and, for an `action`, an event; a full disk must not end the supervisor."""
        self.state |= changes
        with contextlib.suppress(OSError):
            write_json("state.json", self.state)
            if action:
                event = {"at": now(), "action": action, "exit_code": changes.get("exit_code")}
                with Path("events.jsonl").open("a") as file:
                    file.write(json.dumps(event) + "\n")

    def run(self, ready: int) -> None:
        """Start SMS, and again whenever it dies, until told to stop. `ready` is closed after the first start."""
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        delay = FIRST_DELAY
        while True:
            began = time.monotonic()
            code = self._live(ready)
            ready = -1
            if self.stopping.is_set() or self.spec.get("once"):
                break
            delay = FIRST_DELAY if time.monotonic() - began > HEALTHY_AFTER else min(delay * 2, LAST_DELAY)
            self.note("die", status="restarting", exit_code=code, finished_at=now(), pid=None)
            if self.stopping.wait(delay):
                break
            self.note(restarts=self.state["restarts"] + 1)
        self.note("stop", status="exited", exit_code=self.state.get("exit_code"), finished_at=now(), pid=None)

    def _live(self, ready: int) -> int:
        """One life of SMS; returns its exit code as a shell would see it (128 + signal)."""
        try:
            self.child = self._spawn()
        except OSError as error:
            self.log.line(f"cannot start: {error.strerror}".encode())
            self.note(error=f"cannot start: {error.strerror}", exit_code=127)
            self.stopping.set()
            return 127
        else:
            self.note("start", status="running", pid=self.child.pid, started_at=now(), error="")
        finally:  # whoever waits for it reads what is noted by now
            if ready >= 0:
                os.close(ready)
        pump = threading.Thread(target=self._pump, args=(self.child.stdout,), daemon=True)
        pump.start()
        code = self._wait()
        self._sweep_up()
        pump.join(timeout=2)
        self.state["exit_code"] = code
        return code

    def _wait(self) -> int:
        assert self.child is not None
        while not self.stopping.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                return _shell_code(self.child.wait(timeout=0.1))
        grace = 10.0
        with contextlib.suppress(OSError, ValueError, KeyError):
            grace = float(json.loads(Path("stop.json").read_text())["grace"])
        self.child.terminate()
        try:
            return _shell_code(self.child.wait(timeout=grace))
        except subprocess.TimeoutExpired:
            self.child.kill()
            return _shell_code(self.child.wait())

    def _pump(self, stream: IO[bytes]) -> None:
        for text in stream:
            self.log.line(text)

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.spec["argv"],
            cwd=self.spec["cwd"],
            env=self.spec["env"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=self._in_child,
            start_new_session=True,
        )

    def _sweep_up(self) -> None:
        """End what SMS itself had started and left behind: it would hold the database open."""
        assert self.child is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)

    def _in_child(self) -> None:
        # SMS must not outlive its supervisor: nobody would know of it, and it would hold the port and the database.
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        limit = int(self.spec["memory_limit_mb"]) * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _shell_code(code: int) -> int:
    return 128 - code if code < 0 else code


def take_lock(patience: float = 3.0) -> int | None:
    """Take FOLDER/lock; whoever only looks holds it for an instant, hence the patience. None: another lives."""
    lock = os.open("lock", os.O_CREAT | os.O_RDWR, 0o600)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        else:
            return lock


def main(folder: str) -> int:
    """Become a daemon that supervises FOLDER; returns in the caller once SMS was started for the first time."""
    os.chdir(folder)
    told, ready = os.pipe()
    if os.fork():
        os.close(ready)
        os.read(told, 1)  # end of file: started, or the daemon died
        return 0
    os.setsid()
    os.close(told)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    if take_lock() is not None:
        Supervisor(json.loads(Path("spec.json").read_text())).run(ready)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
