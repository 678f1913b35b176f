"""The stage of the demo: a data folder of its own, the processes of an embedded installation, and their end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "demo"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
ADMIN_EMAIL = "admin@school.example"


def free_port(wanted: int) -> int:
    """`wanted` if it is free, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no free port")


class Stage:
    """Sets up a clean installation in a folder, starts its processes, and ends every one of them again."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.sms_port, self.web_port, self.edge_port = free_port(8080), free_port(8000), free_port(2019)
        self.sms_password, self.web_password = secrets.token_urlsafe(12), secrets.token_urlsafe(9)
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "smsops.settings",
            "SMSOPS_DATA_DIR": str(self.folder / "smsops"),
            "SMSOPS_HTTPS": "0",
            "SMSOPS_LOG_LEVEL": "WARNING",
            "SMSOPS_PUBLIC_URL": f"http://127.0.0.1:{self.web_port}",
            "SMSOPS_PRIVATE_CHANNELS": "1",  # whom the story wakes has a telephone on loopback
        }

    def clear(self) -> None:
        """Begin with nothing, whatever an earlier demo left, its processes included."""
        self.stop_sms()
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "sms" / "data").mkdir(parents=True)
        (self.folder / "logs").mkdir()

    def write_files(self) -> Path:
        """Write SMS's env file and the description of the environment; return the latter."""
        env = self.folder / "sms" / ".env"
        env.write_text(
            f"SECRET_KEY={secrets.token_urlsafe(48)}\n"
            f"DEFAULT_ADMIN_EMAIL={ADMIN_EMAIL}\nDEFAULT_ADMIN_PASSWORD={self.sms_password}\n"
        )
        env.chmod(0o600)
        described = self.folder / "environment.yaml"
        described.write_text(
            "demo:\n"
            "  preset: sms-native\n"
            "  title: Demo school\n"
            f"  data_path: {self.folder}/sms/data\n"
            f"  releases_path: {self.folder}/sms/releases\n"
            f"  source_path: {self.folder}/sms/repository\n"
            f"  env_file: {env}\n"
            f"  base_url: http://127.0.0.1:{self.sms_port}\n"
            f"  host_port: {self.sms_port}\n"
            "  edge: caddy\n"
            f"  edge_admin: http://127.0.0.1:{self.edge_port}\n"
            "  watch_seconds: 3\n"
            "  gate_seconds: 12\n"
            "  steady_seconds: 2\n"
            "  stop_seconds: 5\n"
            "  health_seconds: 10\n"
            f"  smoke_email: {ADMIN_EMAIL}\n"
            f"  smoke_password: {self.sms_password}\n"
        )
        described.chmod(0o600)
        return described

    def manage(self, *words: str, **env: str) -> None:
        """Run a management command quietly; a failure ends the demo with what it said."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words[:2])} failed:\n{done.stdout}{done.stderr}")

    def start_processes(self) -> None:
        """Start Caddy, two workers, beat, the follower of logs and web; they end with this process, however it ends."""
        self._start("edge", [sys.executable, "manage.py", "edge", f"--orders=127.0.0.1:{self.edge_port}"])
        celery = [sys.executable, "-m", "celery", "-A", "smsops"]
        alone = ["--without-gossip", "--without-mingle"]
        self._start("worker", [*celery, "worker", "--concurrency=2", *alone])
        self._start("urgent", [*celery, "worker", "-Q", "urgent", "-n", "urgent@%h", "--concurrency=1", *alone])
        self._start("beat", [*celery, "beat"])
        self._start("follow", [sys.executable, "manage.py", "follow"])
        web = ["-m", "gunicorn", "--bind", f"127.0.0.1:{self.web_port}", "--workers=1", "--threads=4"]
        self._start("web", [sys.executable, *web, "smsops.wsgi"])

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / "logs" / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, preexec_fn=_die_with_parent)
        self.children[name] = child

    def end(self) -> None:
        """End everything that was started, politely, then surely."""
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + 10
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.stop_sms()

    def stop_sms(self) -> None:
        """Stop every SMS instance below the demo's folder."""
        instances = self.folder / "smsops" / "instances"
        if not instances.is_dir():
            return
        from smsops.runtimes import instance_folder

        for folder in instances.glob("*/*"):
            if folder.name.startswith(".") or not instance_folder.supervised(folder):
                continue
            instance_folder.write_stop(folder, 5)
            pid = instance_folder.supervisor_pid(folder)
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 15
            while instance_folder.supervised(folder) and time.monotonic() < deadline:
                time.sleep(0.05)


def _die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
