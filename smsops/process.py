"""Runs other programs: an argument list, no shell, a bounded time, bounded output."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from smsops.errors import OpsError

MAX_OUTPUT = 256 * 1024  # characters kept of each stream: enough for a log, too little to fill a row
PIECE = 64 * 1024


@dataclass(frozen=True)
class Completed:
    """What a program did: its exit code and the last characters of both streams."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        return self.code == 0


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    stdout: IO[bytes] | None = None,
    keep: int = MAX_OUTPUT,
) -> Completed:
    """Run `argv` to its end and return what it did; a bad exit code is the caller's to judge.

    The child gets only PATH, HOME and LANG besides `env`, and its own process group, which is killed as a whole when
    `timeout` seconds have passed. Of each stream the last `keep` characters are returned; with `stdout` all of it goes
    to that file instead. Raises OpsError when the program is missing or too slow.
    """
    deadline = time.monotonic() + timeout
    with _started(argv, cwd, dict(env or {}), stdin, stdout) as child:
        tails = {stream: _Tail(stream, keep * 4) for stream in (child.stdout, child.stderr) if stream is not None}
        if not _follow(child, list(tails.values()), deadline):
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise OpsError(f"The program {argv[0]} took longer than {timeout:g} s and was ended.")
        texts = [tails[stream].text[-keep:] if stream in tails else "" for stream in (child.stdout, child.stderr)]
        return Completed(tuple(argv), child.returncode, texts[0], texts[1])


@contextlib.contextmanager
def _started(
    argv: Sequence[str], cwd: Path | None, env: dict[str, str], stdin: bytes, stdout: IO[bytes] | None
) -> Iterator[subprocess.Popen[bytes]]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        try:
            child = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=clean | env,
                stdin=given,
                stdout=subprocess.PIPE if stdout is None else stdout,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise OpsError(f"The program {argv[0]} cannot be started: {error.strerror}.") from error
    try:
        yield child
    finally:
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


class _Tail:
    """The last bytes of a stream; what came before is let go, so that endless output does not fill the memory."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self.stream, self.most, self.data = stream, most, b""

    def read(self) -> bool:
        """Take what is there; False at its end."""
        piece = os.read(self.stream.fileno(), PIECE)
        self.data += piece
        if len(self.data) > 2 * self.most:
            self.data = self.data[-self.most :]
        return bool(piece)

    @property
    def text(self) -> str:
        return self.data[-self.most :].decode(errors="replace")


def _follow(child: subprocess.Popen[bytes], tails: list[_Tail], deadline: float) -> bool:
    """Read until the child has ended; False when it is too late.

    Whoever left its process group may still hold the pipes and is not waited for.
    """
    with selectors.DefaultSelector() as ready:
        for tail in tails:
            ready.register(tail.stream, selectors.EVENT_READ, tail)
        while time.monotonic() < deadline:
            ended = child.poll() is not None
            events = ready.select(0 if ended else min(0.1, deadline - time.monotonic())) if ready.get_map() else []
            for key, _ in events:
                if not key.data.read():
                    ready.unregister(key.fileobj)
            if ended and not events:
                return True
            if not ended and not ready.get_map():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=max(0.0, deadline - time.monotonic()))
    return False
