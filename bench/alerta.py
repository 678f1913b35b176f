"""Alerta, as PyPI has it, in a virtual environment of its own: what the door for alerts is measured against."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.servers import served

VERSION = "9.1.0"
HOOK = "/webhooks/prometheus"


def install(folder: Path) -> Path:
    """Make the environment; return its interpreter."""
    python = folder / "venv" / "bin" / "python"
    print(f"Installing alerta-server {VERSION} …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    words: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*words, f"alerta-server=={VERSION}", "psycopg2-binary", "gunicorn"], check=True, stderr=subprocess.DEVNULL
    )
    return python


@contextlib.contextmanager
def running(python: Path, folder: Path, database: str) -> Iterator[int]:
    """It under gunicorn with two sync workers; its tables are made beforehand, for two that make them at once fail."""
    config = folder / "alertad.conf"
    config.write_text(f"DATABASE_URL = '{database}'\nAUTH_REQUIRED = False\nPLUGINS = []\nLOG_LEVEL = 'ERROR'\n")
    env = {**os.environ, "ALERTA_SVR_CONF_FILE": str(config)}
    subprocess.run([python, "-c", "from alerta import create_app; create_app()"], check=True, env=env, cwd=folder)
    words = [str(python), "-m", "gunicorn", "--workers=2", "--log-level=error", "alerta:create_app()"]
    with served(words, folder, env, "/management/gtg") as port:
        yield port
