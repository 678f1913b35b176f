"""Web servers under gunicorn for as long as they are measured."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.places import free_port, wait_for


@contextlib.contextmanager
def served(words: Sequence[str], folder: Path, env: Mapping[str, str], path: str) -> Iterator[int]:
    """The server of that command, on a free port, once it answers at `path`."""
    port = free_port()
    with (folder / "server.log").open("ab") as log:
        command = [*words, f"--bind=127.0.0.1:{port}"]
        process = subprocess.Popen(command, cwd=folder, env=dict(env), stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or _answers(port, path), "the server", 120)
        if process.poll() is not None:
            raise RuntimeError((folder / "server.log").read_text()[-2000:])
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", path)
        return connection.getresponse().status < 500
    return False
