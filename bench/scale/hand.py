"""What the messages of a backup cost a worker: `python -m bench.scale.hand 0 10` does the work of the first ten schools
of the trial, as a worker would, in a process of its own, and prints the seconds of each message.

One such process alone tells what the work costs; as many at once as there are workers tell how far they slow each other
down.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.scale.simulation import Cost
from bench.writer import work_of_a_school

if TYPE_CHECKING:
    from smsops.models import Environment

ROOT, TURNS = Path(__file__).resolve().parents[2], 3


def measured(hands: int, each: int) -> Cost:
    """So many at once, each with so many schools of its own; what one message cost any of them."""
    command = [sys.executable, "-m", "bench.scale.hand"]
    begun = [
        subprocess.Popen([*command, str(number * each), str(each)], cwd=ROOT, stdout=subprocess.PIPE)
        for number in range(hands)
    ]
    told = [json.loads(process.communicate(timeout=600)[0]) for process in begun]
    rings, ticks = ([seconds for one in told for seconds in one[key]] for key in ("ring", "tick"))
    return Cost(rings, ticks, sum(one["cpu"] for one in told) / (sum(rings) + sum(ticks)))


def school_goes_on(environment: Environment, turn: int) -> None:
    """A few commits, so that there is something to back up."""
    path = Path(environment.data_path) / "student_management.db"
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        work_of_a_school(connection, 5, turn)


def _work(environments: Sequence[Environment]) -> dict[str, object]:
    """The first backups of all are not counted: they find nothing to share."""
    from django.utils import timezone

    from backups import tasks
    from smsops.models import Run
    from smsops.runs import executor

    rings, ticks, cpu = list[float](), list[float](), 0.0
    for turn in range(TURNS):
        for environment in environments:
            school_goes_on(environment, turn)
            Run.objects.filter(environment=environment).update(created_at=timezone.now() - timedelta(hours=1))
            began, spent = time.perf_counter(), time.process_time()
            tasks.scheduled.run(environment.pk)
            rung = time.perf_counter()
            executor.drive(Run.objects.filter(environment=environment).latest("pk").pk)
            if turn:
                rings.append(rung - began)
                ticks.append(time.perf_counter() - rung)
                cpu += time.process_time() - spent
    return {"ring": rings, "tick": ticks, "cpu": cpu}


def main(words: Sequence[str]) -> int:
    import django

    django.setup()
    from smsops.models import Environment

    first, number = map(int, words)
    print(json.dumps(_work(list(Environment.objects.order_by("pk")[first : first + number]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
