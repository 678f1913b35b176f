"""A real door before the real engine, as a process of its own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.places import wait_for

ENGINE = "unix:///var/run/docker.sock"
ROOT = Path(__file__).resolve().parents[2]


class RunningDoor:
    """A door with its socket, its rules and its log in a folder."""

    def __init__(self, folder: Path, rules: dict[str, Any], engine: str = ENGINE) -> None:
        self.socket, self.rules, self.log = (folder / name for name in ("s", "rules.yaml", "log"))
        self.engine, self.address = engine, f"unix://{self.socket}"
        self.write(rules)
        self.begin()

    def write(self, rules: dict[str, Any]) -> None:
        self.rules.write_text(yaml.safe_dump(rules))

    def begin(self) -> None:
        """Start it; returns when it answers."""
        words = ["--listen", f"unix:{self.socket}", "--engine", self.engine, "--rules", str(self.rules)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "smsops.door", *words], cwd=ROOT, stderr=log)
        wait_for(self.answers, "the door to answer")

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as visitor:
            return visitor.connect_ex(str(self.socket)) == 0

    def take(self, rules: dict[str, Any]) -> None:
        """Give it other rules while it works; returns when they hold."""
        before = self.said().count("rules of")
        self.write(rules)
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.said().count("rules of") > before, "the new rules to be read")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def said(self) -> str:
        return self.log.read_text()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a short name, for a socket: its path has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="door-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def door(folder: Path, rules: dict[str, Any], engine: str = ENGINE) -> Iterator[RunningDoor]:
    """A door for the time of a test."""
    found = RunningDoor(folder, rules, engine)
    try:
        yield found
    finally:
        found.end()
