"""What `kill -9` of everything costs: SMS's writer, the follower and its supervisor die at once, at random moments."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from backups import selectors
from backups.models import LogFollowing
from backups.wal.frames import Wal
from backups.wal.log import Log
from backups.wal.pins import connect
from backups.wal.position import begin
from backups.wal.rotation import onward
from bench.data import copy_of
from bench.table import Row
from bench.writer import Writer
from smsops.models import Environment

ROOT = Path(__file__).resolve().parents[1]
TRIALS, RATE = 20, 20.0  # commits a second
MOST, MEDIAN = 2.0, 1.0  # seconds of commits that may be lost
PATIENCE = 60.0


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as name:
        database = copy_of("50 MB", Path(name))
        environment = Environment.objects.create(name="losses", runtime="process", data_path=name)
        row = LogFollowing.objects.create(environment=environment)
        log = selectors.log_of(environment)
        lost = [_trial(row, database, log) / RATE for _ in range(TRIALS)]
        generations = log.generations()
        commits = sum(log.tally(each, number).commits for each in generations for number in log.numbers(each))
        what = f"kill -9 of everything, {TRIALS} times at {RATE:g} commits/s"
        yield Row(f"{what}: most that was lost", max(lost), "s", MOST)
        yield Row(f"{what}: median of that", statistics.median(lost), "s", MEDIAN)
        yield Row(f"{what}: chains begun, of which one is the first", len(generations), "", 1)
        yield Row(f"{what}: commits kept", commits, "")
        yield Row(f"{what}: bytes per commit", log.size() / max(1, commits), "B")
        environment.delete()


def _trial(row: LogFollowing, database: Path, log: Log) -> int:
    """Let it work for a while and kill everything; how many commits are in SMS's log and not in ours."""
    LogFollowing.objects.filter(pk=row.pk).update(looked_at=None)
    command = [sys.executable, str(ROOT / "manage.py"), "follow"]
    writer, supervisor = Writer(database, RATE), subprocess.Popen(command, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while row.looked_at is None:
            assert time.monotonic() < deadline, "nobody follows"
            time.sleep(0.05)
            row.refresh_from_db()
        time.sleep(random.uniform(0.3, 2.0))
    finally:
        writer.process.kill()
        os.killpg(supervisor.pid, signal.SIGKILL)  # the followers are in its group
        writer.process.communicate()
        supervisor.wait()
    row.looked_at = None
    return missing(database, log)


def missing(database: Path, log: Log) -> int:
    """How many commits of a database nobody uses are not in the log."""
    with closing(connect(database, "ro")) as reader:
        standing, tail = begin(reader, database), log.tail()
        assert standing is not None and tail is not None and tail.position is not None
        if standing.position == tail.position:
            return 0
        page_size = int(reader.execute("PRAGMA page_size").fetchone()[0])
        with Path(f"{database}-wal").open("rb") as file:
            wal = Wal(file.fileno(), page_size)
            after = onward(wal, tail.position, standing.position)
            assert after is not None, "what was lost cannot be counted"
            return len(wal.commits(after if after.frame else None, standing.position))
