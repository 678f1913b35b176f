"""Alerts in: the door under gunicorn with a reader beside it, against Alerta on the same server of PostgreSQL.

Both have two sync workers, the same bodies, the same generator; both answer when it is in the database. Alerta
has then done everything; we have stored it, so how long it takes until it is read is measured as well.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import alerta, load
from bench.load import Heard
from bench.servers import served
from bench.table import Row
from tests.backups.clusters import PASSWORD, USER, Cluster, cluster

ROOT = Path(__file__).resolve().parents[1]
SECONDS, RECURRING, MANY = 8.0, 50, 20
TIMES = 3.0  # so many times as fast as Alerta
SETUP = """\
import django; django.setup()
from incidents.services import sources
from smsops.models import Environment
environment = Environment.objects.create(name="bench")
print(sources.create(environment, "bench", "alertmanager")[1])
"""
READER = """\
import time, django; django.setup()
from incidents.services import digestion
while True:
    if not digestion.digest_all():
        time.sleep(0.2)
"""


@dataclass
class Contender:
    """Somebody who takes alerts. `drained` waits until everything is read, and returns how many alerts there are."""

    port: int
    path: str
    drained: Callable[[], object]


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-alerts-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        python = alerta.install(folder)
        with cluster("fsync=on") as server, _ours(server, folder) as ours, _alerta(python, server, folder) as theirs:
            yield from _compare(ours, theirs)


def _compare(ours: Contender, theirs: Contender) -> Iterator[Row]:
    one, many = [_payload(1, turn) for turn in range(RECURRING)], [_payload(MANY, turn) for turn in range(RECURRING)]
    for contender in (ours, theirs):
        _measured(contender, one, 2, 2.0)  # warm
    for connections in (1, 8):
        (mine, _), (peer, _) = (_measured(each, one, connections) for each in (ours, theirs))
        title = f"alerts: one per payload, {connections} connection{'s' * (connections > 1)}"
        yield Row(f"{title}: Alerta, p50", peer.p50 * 1000, "ms")
        yield Row(f"{title}: p50, against a third of Alerta's", mine.p50 * 1000, "ms", peer.p50 * 1000 / TIMES)
        yield Row(f"{title}: Alerta, payloads", peer.rate, "/s")
        yield Row(f"{title}: payloads", mine.rate, "/s")
    yield Row("alerts: time per payload, 8 connections, against a third of Alerta's", 1000 / mine.rate, "ms",
              1000 / peer.rate / TIMES)  # fmt: skip
    (mine, read), (peer, _) = (_measured(each, many, 8) for each in (ours, theirs))
    alerts, told = len(mine.taken) * MANY, peer.rate * MANY
    yield Row(f"alerts: {MANY} per payload, 8 connections: Alerta, alerts", told, "/s")
    yield Row(f"alerts: {MANY} per payload, 8 connections: alerts until stored", mine.rate * MANY, "/s")
    yield Row(f"alerts: {MANY} per payload, 8 connections: alerts until read", alerts / read, "/s")
    yield Row("alerts: time per 1,000 alerts until stored, against a third of Alerta's", 1e6 / mine.rate / MANY, "ms",
              1e6 / told / TIMES)  # fmt: skip
    yield Row("alerts: time per 1,000 alerts until read, against a third of Alerta's", 1e6 * read / alerts, "ms",
              1e6 / told / TIMES)  # fmt: skip


def _measured(who: Contender, bodies: list[bytes], connections: int, seconds: float = SECONDS) -> tuple[Heard, float]:
    """What was heard, and the seconds from the first payload until the last was read."""
    began = time.perf_counter()
    heard = load.post(who.port, who.path, bodies, connections, seconds)
    who.drained()
    return heard, time.perf_counter() - began


def _payload(alerts: int, turn: int) -> bytes:
    """A payload of version 4 as Alertmanager sends it; the same turn has the same alerts."""
    told = [_alert(f"{turn}-{number}") for number in range(alerts)]
    return json.dumps({
        "version": "4", "groupKey": f'{{}}:{{alertname="Slow", job="{turn}"}}', "truncatedAlerts": 0,
        "status": "firing", "receiver": "bench", "groupLabels": {"alertname": "Slow", "job": str(turn)},
        "commonLabels": {"alertname": "Slow"}, "commonAnnotations": {}, "externalURL": "http://am:9093", "alerts": told,
    }).encode()  # fmt: skip


def _alert(name: str) -> dict[str, Any]:
    return {
        "status": "firing", "fingerprint": f"{abs(hash(name)):016x}"[:16], "generatorURL": "http://prometheus:9090/graph",
        "labels": {"alertname": "Slow", "instance": f"web-{name}:9100", "job": "sms", "severity": "warning",
                   "environment": "Production", "service": "sms"},
        "annotations": {"summary": f"web-{name} is slow", "description": f"95 % of requests at {name} take over 1 s."},
        "startsAt": "2026-03-01T10:00:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z",
    }  # fmt: skip


def _database(server: Cluster, name: str) -> str:
    server.execute("postgres", f"CREATE DATABASE {name}")
    return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/{name}"


@contextlib.contextmanager
def _ours(server: Cluster, folder: Path) -> Iterator[Contender]:
    own = folder / "smsops"
    own.mkdir()
    env = {**os.environ, "SMSOPS_DATABASE_URL": _database(server, "smsops"), "SMSOPS_DATA_DIR": str(own)}
    env |= {"PYTHONPATH": str(ROOT), "SMSOPS_LOG_LEVEL": "WARNING"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], check=True, cwd=ROOT, env=env)
    token = subprocess.check_output([sys.executable, "-c", SETUP], cwd=ROOT, env=env, text=True).strip()
    words = [sys.executable, "-m", "gunicorn", "--workers=2", "--log-level=error", "incidents.intake_site:application"]
    reader = subprocess.Popen([sys.executable, "-c", READER], cwd=ROOT, env=env)

    def drained() -> None:
        while server.execute("smsops", "SELECT 1 FROM incidents_delivery WHERE state = 'new' LIMIT 1"):
            time.sleep(0.05)

    try:
        with served(words, own, env, "/") as port:
            yield Contender(port, f"/alerts/alertmanager/{token}", drained)
    finally:
        reader.terminate()
        reader.wait(30)


@contextlib.contextmanager
def _alerta(python: Path, server: Cluster, folder: Path) -> Iterator[Contender]:
    own = folder / "alerta"
    own.mkdir()
    with alerta.running(python, own, _database(server, "alerta")) as port:
        yield Contender(port, alerta.HOOK, lambda: None)
