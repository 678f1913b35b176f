"""How long each ring of beat keeps a worker, with a thousand environments: what is rung for is what beat's schedule
says, so a new ring is measured without a word here."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from celery.schedules import crontab
from django.conf import settings

from smsops import queues
from smsops.celery import app

DAY = 24 * 3600.0


@dataclass
class Round:
    """One ring: how often it comes, in seconds, and how long it took each time."""

    name: str
    task: str
    period: float
    taken: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.taken)

    @property
    def share(self) -> float:
        """Of one worker's time."""
        return min(self.taken) / self.period

    @property
    def urgent(self) -> bool:
        return queues.ROUTES.get(self.task, {}).get("queue") == queues.URGENT


def every(times: int = 3) -> Iterator[Round]:
    """Do each ring's work here, as a worker would; what it rings for in turn goes into the broker, and stays there."""
    app.loader.import_default_modules()
    logging.disable(logging.WARNING)  # nothing runs at these environments, and each ring says so
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        period = entry["schedule"]
        found = Round(name, entry["task"], DAY if isinstance(period, crontab) else float(period))
        for _ in range(times if found.period < DAY else 1):
            began = time.perf_counter()
            app.tasks[found.task].run()
            found.taken.append(time.perf_counter() - began)
        yield found
    logging.disable(logging.NOTSET)
