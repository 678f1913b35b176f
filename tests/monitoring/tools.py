"""Prometheus' and Alertmanager's own programs that check files, and a Prometheus that runs."""

from __future__ import annotations

import contextlib
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.machine.parts import find
from tests.places import free_port, wait_for


def checked(*words: str | Path, told: bytes = b"") -> str:
    """What such a program says of what it is given; fails unless it finds everything in order."""
    command = [find(str(words[0])) or str(words[0]), *words[1:]]
    done = subprocess.run(command, input=told, capture_output=True, check=False, timeout=60)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


@contextlib.contextmanager
def prometheus(folder: Path, config: str) -> Iterator[None]:
    """A running one with that configuration, which is in the folder together with what it names. What it said before it
    knew of the Alertmanager it says again soon."""
    port = free_port()
    (folder / "prometheus.yml").write_text(config)
    words = [
        find("prometheus") or "", f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}", "--rules.alert.resend-delay=1s",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        wait_for(lambda: _ready(port), "Prometheus", 60)
        yield
    finally:
        process.kill()
        process.wait(20)


def _ready(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5) as answer:
        return bool(answer.status == 200)
    return False
