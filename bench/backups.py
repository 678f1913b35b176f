"""Backups against `cp` + fsync, `sqlite3 .backup`, restic and borg, on the same databases, between real commits.

Where one round is dear, there are few of them; every row says how many, and what was reckoned from them.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import losses, memory, preview, week
from bench.data import SIZES
from bench.peers import Peer, borg, install, restic, tuned_borg
from bench.pressure import writer_rows
from bench.table import Row, side_by_side
from bench.trial import Trial

BACKUP_BAR = {"50 MB": 7.0}  # times cp + fsync, everything included
MEMORY_BAR = 150.0  # MB, for the whole process, Django included
ROUNDS = {("50 MB", 500): 24, ("50 MB", 1800): 12, ("500 MB", 500): 7, ("500 MB", 1800): 5}


def rows() -> Iterator[Row]:
    install()
    grown: dict[int, dict[str, week.Growth]] = {}
    for name in SIZES:
        with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
            trial = Trial(Path(folder), name)
            peers = [restic(trial.folder), borg(trial.folder), tuned_borg(trial.folder)]
            for commits in (500, 1800):
                since = peers[0].number
                yield from _speed(trial, name, commits, peers)
                growth = {peer.name: week.Growth.of(peer, since) for peer in peers}
                growth["vault"] = week.Growth(trial.added[1:])
                yield from _bytes(name, commits, growth)
                if name == "50 MB":
                    grown[commits] = growth
            yield from _restore(trial, name)
    for act in ("backup", "restore"):
        yield Row(f"500 MB: peak memory of a worker, {act}", memory.peak("500 MB", act), "MB", MEMORY_BAR)
    yield from week.rows(grown)
    yield from writer_rows()
    yield from preview.rows()
    yield from losses.rows()


def _speed(trial: Trial, name: str, commits: int, peers: list[Peer]) -> Iterator[Row]:
    """One backup by everybody, in turn; the peers store a snapshot that is there already."""
    trial.begin(commits)

    def before() -> None:
        trial.school_goes_on()
        trial.snapshot_for_peers()
        for peer in peers:
            peer.weigh()

    ours = {"cp": trial.copy, "ours": trial.back_up}
    if name == "50 MB":
        ours["dot"] = trial.dot_backup
    works = ours | {peer.name: partial(peer.store, trial.for_peers) for peer in peers}
    times = ROUNDS[name, commits]
    taken = side_by_side(works, times, before, warm=int(commits == 500))  # the first ever stores everything
    for peer in peers:
        peer.weigh()
    median = {who: statistics.median(each) for who, each in taken.items()}
    what, among = f"{name}, {commits} commits", f"(median of {times})"
    told = {"cp": "cp + fsync", "dot": "sqlite3 .backup", "ours": "backup: snapshot, store, read back, quick_check"}
    for who, sentence in [(who, told[who]) for who in told if who in ours]:
        yield Row(f"{what}: {sentence} {among}", median[who], "s")
    yield Row(f"{what}: backup / cp + fsync {among}", median["ours"] / median["cp"], "x", BACKUP_BAR.get(name))
    yield Row(f"{what}: the same, quietest round of each", min(taken["ours"]) / min(taken["cp"]), "x")
    for peer in peers:
        yield Row(f"{what}: {peer.name}, store only {among}", median[peer.name], "s")
        yield Row(f"{what}: backup / {peer.name}, store only", median["ours"] / median[peer.name], "x", 1.0)


def _bytes(name: str, commits: int, growth: dict[str, week.Growth]) -> Iterator[Row]:
    for who, each in growth.items():
        yield Row(f"{name}, {commits} commits: {who} grows by (mean of {each.count})", each.mean / 1e6, "MB")


def _restore(trial: Trial, name: str) -> Iterator[Row]:
    times = 8 if name == "50 MB" else 2
    taken = side_by_side({"cp": trial.copy_back, "ours": trial.restore}, times)
    back = {who: statistics.median(each) for who, each in taken.items()}
    yield Row(f"{name}: cp + fsync + quick_check and counts (median of {times})", back["cp"], "s")
    yield Row(f"{name}: restore, fsync, quick_check and counts (median of {times})", back["ours"], "s")
    yield Row(f"{name}: restore / the same with cp", back["ours"] / back["cp"], "x")
