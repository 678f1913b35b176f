"""A terminal: what was typed in, and what came out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


@dataclass(frozen=True)
class Said:
    """The exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; fails when there is anything else."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def complaint(self) -> str:
        """The one line on stderr."""
        (line,) = self.err.splitlines()
        return line


Terminal = Callable[..., Said]


def process(*words: object, **options: Any) -> subprocess.Popen[str]:
    """Start `manage.py ops …` as a program of its own, as from a plain shell, on the tests' database and folders."""
    return manage("ops", *words, **options)


def manage(*words: object, **options: Any) -> subprocess.Popen[str]:
    """Start any other `manage.py …` likewise."""
    command = [sys.executable, str(MANAGE), *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.Popen(command, env=plain | installation(), text=True, **pipes)


def typed(*words: object) -> Said:
    """The same, run to its end."""
    with process(*words) as child:
        out, err = child.communicate(timeout=60)
    return Said(child.returncode, out, err)


def installation() -> dict[str, str]:
    """What a program needs to know to use the tests' database and folders."""
    here = connection.settings_dict
    url = f"sqlite:///{here['NAME']}"
    if connection.vendor == "postgresql":
        url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**here)
    folders = {
        f"SMSOPS_{name}_DIR": str(getattr(settings, f"SMSOPS_{name}_DIR"))
        for name in ("VAULT", "WORK", "KEYS", "AUDIT")
    }
    return {
        "DJANGO_SETTINGS_MODULE": "smsops.settings",
        "SMSOPS_DATA_DIR": str(settings.DATA_DIR),
        "SMSOPS_EVIDENCE_DIR": str(settings.SMSOPS_EVIDENCE_DIR),
        "SMSOPS_DATABASE_URL": url,
        "SMSOPS_LOG_LEVEL": "WARNING",
        **folders,
    }
