"""Whole installations of smsops in folders of their own, used through their commands alone."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from smsops.runtimes import instance_folder
from tests.handbook.pages import ROOT
from tests.places import ADMIN, SECRET_KEY, free_port, wait_for


@dataclass
class School:
    """An SMS run natively, known to no smsops yet: its data, its settings, and what an environment is made of."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def describe(self, repository: Path, releases: Path) -> Path:
        """Write SMS's env file and `environments.yaml`; return the latter."""
        env = self.folder / "sms.env"
        env.write_text(f"SECRET_KEY={SECRET_KEY}\nDEFAULT_ADMIN_EMAIL={ADMIN[0]}\nDEFAULT_ADMIN_PASSWORD={ADMIN[1]}\n")
        fields = {
            "preset": "sms-native", "data_path": str(self.data), "releases_path": str(releases), "env_file": str(env),
            "source_path": str(repository), "base_url": self.address, "host_port": self.port, "gate_seconds": 60,
            "steady_seconds": 0, "watch_seconds": 0, "stop_seconds": 5, "smoke_email": ADMIN[0],
            "smoke_password": ADMIN[1],
        }  # fmt: skip
        described = self.folder / "environments.yaml"
        described.write_text(yaml.safe_dump({"school": fields}))
        return described


@dataclass
class Installation:
    """smsops with a data folder; `settings` are more of its environment."""

    folder: Path
    vault: Path
    settings: dict[str, str] = field(default_factory=dict)

    def manage(self, words: str | list[str]) -> str:
        """What `manage.py WORDS` says; fails when it ends badly."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("SMSOPS", "PYTHON"))}
        own = {
            "DJANGO_SETTINGS_MODULE": "smsops.settings", "SMSOPS_HTTPS": "0", "SMSOPS_LOG_LEVEL": "ERROR",
            "SMSOPS_DATA_DIR": str(self.folder), "SMSOPS_VAULT_DIR": str(self.vault),
            "DJANGO_SUPERUSER_USERNAME": "admin", "DJANGO_SUPERUSER_EMAIL": ADMIN[0],
            "DJANGO_SUPERUSER_PASSWORD": "not-a-word-of-a-list",
        }  # fmt: skip
        argv = [sys.executable, "manage.py", *(shlex.split(words) if isinstance(words, str) else words)]
        done = subprocess.run(
            argv, cwd=ROOT, env=plain | own | self.settings, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout

    def ops(self, words: str) -> Any:
        """The document `ops WORDS --json` prints."""
        return json.loads(self.manage(f"ops {words} --json"))

    def stop_sms(self) -> None:
        """End every SMS it has started."""
        for folder in (self.folder / "instances").glob("*/*"):
            if folder.name.startswith(".") or not instance_folder.supervised(folder):
                continue
            instance_folder.write_stop(folder, 5)
            if (pid := instance_folder.supervisor_pid(folder)) is not None:
                os.kill(pid, signal.SIGTERM)
            wait_for(partial(_ended, folder), "SMS to end")


def _ended(folder: Path) -> bool:
    return not instance_folder.supervised(folder)
