"""A real Alertmanager on the loopback address, that sends to a door of ours."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.machine.parts import find
from tests.places import free_port, wait_for

CONFIG = """\
route:
  receiver: smsops
  group_by: [alertname]
  group_wait: 200ms
  group_interval: {interval}
  repeat_interval: 1s
receivers:
  - name: smsops
    webhook_configs:
      - url: {address}
        send_resolved: true
        max_alerts: {most}
"""


@dataclass
class Alertmanager:
    """One whose folder keeps what it knows; alerts are posted to it as Prometheus does."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [
            find("prometheus-alertmanager") or "", f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder}", f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)
        wait_for(self._answers, "Alertmanager")

    def end(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def post(self, *names: str, over: bool = False, starts: datetime | None = None, **labels: str) -> None:
        """Say that these fire, or that they do not any more."""
        now = datetime.now(UTC)
        alerts = [
            {
                "labels": {"alertname": name, "severity": "critical", **labels},
                "annotations": {"summary": f"{name} is wrong"},
                "startsAt": (starts or now - timedelta(seconds=5)).isoformat(),
                "endsAt": (now if over else now + timedelta(minutes=5)).isoformat(),
            }
            for name in names
        ]
        self._ask("/api/v2/alerts", json.dumps(alerts).encode())

    def post_hosts(self, name: str, *hosts: str, over: bool = False) -> None:
        """Several alerts of one group."""
        for host in hosts:
            self.post(name, over=over, host=host)

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self._ask("/-/ready"))
        return False


@contextlib.contextmanager
def alertmanager(folder: Path, address: str, *, most: int = 0, interval: str = "1s") -> Iterator[Alertmanager]:
    """A running one that sends to `address`, and nothing of it afterwards."""
    with running(Alertmanager(folder), CONFIG.format(address=address, most=most, interval=interval)) as found:
        yield found


@contextlib.contextmanager
def running(found: Alertmanager, config: str) -> Iterator[Alertmanager]:
    """It with that configuration."""
    found.folder.mkdir()
    (found.folder / "alertmanager.yml").write_text(config)
    try:
        found.start()
        yield found
    finally:
        found.end(signal.SIGKILL)
