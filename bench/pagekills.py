"""What `kill -9` of whoever escalates and sends costs: a hundred incidents, a hundred dead senders."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from bench.table import Row

TRIALS = 100


def rows() -> Iterator[Row]:
    from incidents.models import EscalationPolicy
    from smsops.models import Environment
    from tests.paging import killing
    from tests.paging.letters import counting

    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 9}
    environment = Environment.objects.create(name="kills", runtime="process", **nowhere)
    EscalationPolicy.objects.all().delete()
    killing.crowd()
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder, counting(Path(folder)) as letters:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", letters.port
        cost = killing.try_it(environment, letters, TRIALS)
    what = f"kill -9 of the sender, {TRIALS} times at {cost.moments} moments, {cost.pages} pages"
    yield Row(f"{what}: lost", cost.lost, "", 0)
    yield Row(f"{what}: doubled and not marked", cost.unmarked, "", 0)
    yield Row(f"{what}: doubled and marked", cost.marked, "")
    yield Row(f"{what}: a person asked twice for a level", cost.asked_twice, "", 0)
    yield Row(f"{what}: not sent within one sweep of the death", cost.late, "", 0)
