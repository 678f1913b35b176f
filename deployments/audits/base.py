"""What every audit has in common: a report, or a clear word that nothing could be checked."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smsops import process
from smsops.errors import OpsError
from smsops.redact import redact

WAYS_OUT = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE")
ENDED = (124, 137, -9)  # what `timeout` says, or that it was killed with what it had to kill
LEEWAY = 5  # seconds the program itself gets to end, before smsops ends it


class CouldNotCheck(Exception):
    """Why nothing is known: no tool, no network, no answer in time. Neither “no findings” nor a failure of SMS."""


@dataclass(frozen=True)
class Found:
    """One finding. `same` tells it from others and is the same in the next audit; it never holds a secret's value."""

    what: str
    same: str
    severity: str = "unknown"
    package: str = ""
    installed: str = ""
    advisory: str = ""
    fix: str = ""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Report:
    """What was found, in how much (`checked`, in words), and what of it could not be checked."""

    checked: str
    found: tuple[Found, ...] = ()
    unchecked: tuple[str, ...] = ()


def run(program: str, words: Sequence[str], folder: Path, seconds: float, hint: str) -> process.Completed:
    """Run an audit program in a folder. It ends after `seconds` even where nobody is left to end it."""
    bounded = ["timeout", f"--kill-after={LEEWAY}", str(int(seconds)), _find(program, hint), *words]
    env = {name: os.environ[name] for name in WAYS_OUT if name in os.environ}
    try:
        done = process.run(bounded, timeout=seconds + 2 * LEEWAY, cwd=folder, env=env, keep=process.MAX_OUTPUT * 64)
    except OpsError as error:
        raise CouldNotCheck(str(error)) from error
    if done.code in ENDED:
        raise CouldNotCheck(f"{program} was ended before it was done; it may take {seconds:g} s.")
    return done


def document(program: str, done: process.Completed) -> dict[str, Any]:
    """The JSON a program printed; CouldNotCheck with its last words where there is none."""
    try:
        found = json.loads(done.stdout)
    except ValueError:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.code}"]
        raise CouldNotCheck(f"{program} gave no answer: {redact(lines[-1])[:300]}") from None
    if not isinstance(found, dict):
        raise CouldNotCheck(f"{program} gave an answer of an unknown form.")
    return found


def _find(program: str, hint: str) -> str:
    beside = Path(sys.executable).parent / program  # a worker's own environment need not be on its PATH
    found = str(beside) if beside.is_file() else shutil.which(program)
    if found is None:
        raise CouldNotCheck(f"{program} is not installed; {hint}")
    return found
