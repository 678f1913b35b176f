"""Runs other programs: an argument list, no shell, a bounded time, bounded output."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smsops.errors import OpsError

MAX_OUTPUT = 256 * 1024  # characters kept of each stream: enough for a log, too little to fill a row


@dataclass(frozen=True)
class Completed:
    """What a program did: its exit code and the last `MAX_OUTPUT` characters of both streams."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        return self.code == 0


def run(
    argv: Sequence[str], *, timeout: float, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Completed:
    """Run `argv` to its end and return what it did; a bad exit code is the caller's to judge.

    The child gets only PATH, HOME and LANG besides `env`, and its own process group, which is killed as a whole when
    `timeout` seconds have passed. Raises OpsError when the program is missing or too slow.
    """
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    try:
        child = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=clean | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise OpsError(f"The program {argv[0]} cannot be started: {error.strerror}.") from error
    try:
        stdout, stderr = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        os.killpg(child.pid, signal.SIGKILL)
        _let_go(child)
        raise OpsError(f"The program {argv[0]} took longer than {timeout:.0f} s and was ended.") from error
    return Completed(tuple(argv), child.returncode, stdout[-MAX_OUTPUT:], stderr[-MAX_OUTPUT:])


def _let_go(child: subprocess.Popen[str]) -> None:
    """Reap the child; whoever left its group may still hold the pipes and is not waited for."""
    child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()
