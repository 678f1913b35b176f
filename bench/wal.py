"""`python -m bench.wal SECONDS`: a school of 50 MB followed: bytes per commit, CPU, writer's delay, loss by kill -9."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.wal.frames import Wal
from backups.wal.log import Log
from backups.wal.pins import connect
from backups.wal.position import begin
from bench.data import copy_of
from bench.table import Row
from bench.writer import Writer

FOLLOW = """
import sys
from pathlib import Path
from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.wal.follower import Follower
from backups.wal.following import follow
from backups.wal.log import Log
folder = Path(sys.argv[2])
log = Log(FolderShelf(folder / "vault"), Keyring(folder / "keys"))
follower = Follower(Path(sys.argv[1]), folder / "shadow", log)
follow(follower, lambda: False, lambda status: print(status.gap or "-", flush=True))
"""


def log_in(folder: Path) -> Log:
    return Log(FolderShelf(folder / "vault"), Keyring(folder / "keys"))


@contextmanager
def following(database: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", FOLLOW, str(database), str(folder)]
    with (folder / "said").open("a") as said, subprocess.Popen(words, stdout=said, text=True) as process:
        began = (folder / "said").stat().st_size
        while (folder / "said").stat().st_size == began:
            time.sleep(0.02)
        try:
            yield process
        finally:
            process.kill()


def cpu(pid: int) -> float:
    """Seconds of CPU a process took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kept(folder: Path) -> tuple[int, int]:
    """Commits in the log, and its bytes."""
    log = log_in(folder)
    listed = [(generation, number) for generation in log.generations() for number in log.numbers(generation)]
    commits = sum(log.tally(*each).commits for each in listed)
    return commits, sum(path.stat().st_size for path in (folder / "vault" / "log").rglob("*.log"))


def rate_rows(rate: float, seconds: float) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as name:
        folder = Path(name)
        database = copy_of("50 MB", folder)
        quiet = written(database, rate, seconds / 3)
        yield Row(f"{rate:g}/s: worst commit alone", max(quiet) * 1000, "ms")
        yield Row(f"{rate:g}/s: 99 % of commits alone", percentile(quiet), "ms")
        with following(database, folder) as process:
            before, used, began = kept(folder), cpu(process.pid), time.monotonic()
            busy = written(database, rate, seconds)
            time.sleep(1.5)
            after, spent, took = kept(folder), cpu(process.pid) - used, time.monotonic() - began
        yield Row(f"{rate:g}/s: worst commit, followed", max(busy) * 1000, "ms")
        yield Row(f"{rate:g}/s: 99 % of commits, followed", percentile(busy), "ms")
        yield Row(f"{rate:g}/s: commits written", len(busy), "")
        yield Row(f"{rate:g}/s: commits kept", after[0] - before[0], "")
        yield Row(f"{rate:g}/s: bytes per commit", (after[1] - before[1]) / max(1, after[0] - before[0]), "B")
        yield Row(f"{rate:g}/s: CPU of the follower", 100 * spent / took, "%")
        yield Row(f"{rate:g}/s: SMS's log afterwards", Path(f"{database}-wal").stat().st_size / 1e6, "MB")


def written(database: Path, rate: float, seconds: float) -> list[float]:
    """How long each commit took of a writer that commits for so many seconds."""
    writer = Writer(database, rate)
    time.sleep(seconds)
    return [took for _, took in writer.end().commits]


def percentile(delays: list[float]) -> float:
    return statistics.quantiles(delays, n=100)[98] * 1000


def loss(trials: int, rate: float) -> Iterator[Row]:
    """Kill the follower at random moments: how many commits are not in its log then, in seconds of such commits."""
    lost: list[float] = []
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as name:
        folder = Path(name)
        database = copy_of("50 MB", folder)
        writer = Writer(database, rate)
        while len(lost) < trials:
            with following(database, folder) as process, closing(connect(database, "ro")) as reader:
                time.sleep(random.uniform(0.5, 2.5))
                process.send_signal(signal.SIGKILL)
                missing = behind(database, reader, folder)
            lost += [] if missing is None else [missing / rate]
        writer.end()
        gaps = {line for line in (folder / "said").read_text().splitlines() if line != "-"}
        yield Row(f"kill -9, {trials} times at {rate:g}/s: most that was lost", max(lost), "s")
        yield Row("kill -9: median of that", statistics.median(lost), "s")
        yield Row(f"kill -9: kinds of gaps {sorted(gaps)}", len(gaps), "")


def behind(database: Path, reader: sqlite3.Connection, folder: Path) -> int | None:
    """How many commits the log lacks; None where SQLite's own log was begun anew just then."""
    standing, tail = begin(reader, database), log_in(folder).tail()
    assert standing is not None and tail is not None and tail.position is not None
    if standing.position.salts != tail.position.salts:
        return None
    with Path(f"{database}-wal").open("rb") as file:
        if standing.position == tail.position:
            return 0
        return len(Wal(file.fileno(), 4096).commits(tail.position, standing.position))


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for rows in (loss(20, 20), rate_rows(2, seconds), rate_rows(50, seconds / 2)):
        for row in rows:
            print(row.line(), flush=True)


if __name__ == "__main__":
    main()
