"""The tests where the database matters once more, with smsops's own rows in a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.parts import find
from tests.places import free_port, wait_for

ROOT = Path(__file__).resolve().parents[1]
PAGING = [
    f"tests/paging/test_{name}.py"
    for name in (
        "escalations",
        "taking",
        "brought",
        "held_back",
        "told",
        "outbox",
        "bundling",
        "storms",
        "kills",
    )
]
AGAIN = [
    "tests/smsops",
    "tests/workers",
    "tests/deployments/test_kills.py",
    "tests/after/test_search.py",
    "tests/intake",
    "tests/monitoring/test_figures.py",
    "tests/dashboard",
    *(f"tests/api/test_{name}.py" for name in ("idempotency", "tokens", "reading")),
    *(f"tests/webhooks/test_{name}.py" for name in ("outbox", "ringing", "sending")),
    *(f"tests/audit/test_{name}.py" for name in ("chain", "page", "waiting")),
    "tests/paging/test_own_troubles.py",
    *PAGING,
]


@pytest.fixture
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL cluster of our own on a free port."""
    folder, port = Path("/tmp") / f"smsops-tests-pg-{os.getpid()}", free_port()
    folder.mkdir()
    # The server refuses to run as root.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, "postgres", "postgres")
    home = Path(find("postgres") or "postgres").resolve().parent
    initdb = [str(home / "initdb"), "-D", str(folder / "data"), "-U", "smsops", "--auth=trust", "-E", "UTF8", "-N"]
    subprocess.run([*prefix, *initdb], check=True, stdout=subprocess.DEVNULL, cwd="/")
    server = [str(home / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    server += ["-c", "fsync=off"]  # the killed are workers; this server lives as long as the test
    ready = [str(home / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen([*prefix, *server], stderr=subprocess.DEVNULL, cwd="/") as process:
        try:
            wait_for(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL")
            yield f"postgresql://smsops@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
    shutil.rmtree(folder, ignore_errors=True)  # its last process may still write there


@pytest.mark.slow
@pytest.mark.postgres
def test_the_kernel_keeps_its_promises_on_postgresql(postgres_url: str) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "SMSOPS_TESTS"))}
    command = [sys.executable, "-m", "pytest", "-q", "-k", "not docker and not folder and not alertmanager", *AGAIN]
    done = subprocess.run(
        command, cwd=ROOT, env=env | {"SMSOPS_DATABASE_URL": postgres_url}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:]
    assert "passed" in done.stdout
