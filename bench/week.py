"""A week of a school: 672 backups, fifteen minutes apart. How large is the vault then, how fast is any of them back?

The vault's week is really made, as far as the time goes; that of the peers is reckoned from a few dozen snapshots.
"""

from __future__ import annotations

import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from backups.engines.sqlite import SqliteEngine
from backups.services.storing import Origin, identifier_for, manifest_of
from backups.vault.images import PERIOD
from backups.vault.manifest import Manifest
from backups.vault.store import Stored
from bench.peers import FILE, Peer, restic
from bench.table import Row, side_by_side
from bench.trial import Trial

SNAPSHOTS = 672
SECONDS = {500: 200.0, 1800: 45.0}  # for making a week; what is left of it then is reckoned
BARS = {"restic": 0.03, "borg 4 KiB": 0.15}  # shares of what they need
RESTORE_BAR = 10.0  # times cp + fsync
TIMES = 3
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Growth:
    """By how many bytes each snapshot let a repository grow; `first` is its size with a single one."""

    added: list[int]
    first: int = 0

    @staticmethod
    def of(peer: Peer, since: int) -> Growth:
        """What came after the first `since` snapshots, or after the very first."""
        known = peer.sizes[max(since - 1, 0) :]
        return Growth([after - before for before, after in itertools.pairwise(known)], peer.sizes[0])

    @property
    def count(self) -> int:
        return len(self.added)

    @property
    def mean(self) -> float:
        return statistics.mean(self.added)

    def week(self) -> float:
        """Bytes after a week at this rate."""
        return self.first + self.mean * (SNAPSHOTS - 1)


def rows(grown: dict[int, dict[str, Growth]]) -> Iterator[Row]:
    """The rows of both weeks; `grown` has, by commits between two snapshots, how the peers grew."""
    for commits, growth in grown.items():
        with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
            trial = Trial(Path(folder), "50 MB", commits)
            made = _make(trial, SECONDS[commits])
            yield from _sizes(trial, commits, made, growth)
            if commits == 500:
                yield from _restores(trial)


def _make(trial: Trial, seconds: float) -> int:
    """Store snapshot after snapshot, read back but not checked; how many there are in the end."""
    engine, until = SqliteEngine(), time.monotonic() + seconds
    facts = engine.facts(trial.database)
    for number in range(SNAPSHOTS):
        trial.school_goes_on()
        snapshot = trial.folder / FILE
        engine.snapshot(trial.database, snapshot)
        origin = Origin("bench", trial.database.name, MONDAY + timedelta(minutes=15 * number), "scheduled", run=number)
        identifier = identifier_for(origin.taken_at, number)

        def describe(stored: Stored, identifier: str = identifier, origin: Origin = origin) -> Manifest:
            return manifest_of(identifier, origin, facts, stored)

        trial.added.append(trial.vault.write(identifier, snapshot, engine.block(snapshot), describe).stored_size)
        if time.monotonic() > until:
            break
    trial.identifier = trial.vault.identifiers()[-1]
    return len(trial.added)


def _sizes(trial: Trial, commits: int, made: int, growth: dict[str, Growth]) -> Iterator[Row]:
    week, how = float(trial.vault.size()), f"{made} made"
    if made < SNAPSHOTS:
        keys = 1 + (SNAPSHOTS - 1) // PERIOD
        week = keys * trial.added[0] + (SNAPSHOTS - keys) * statistics.mean(trial.added[1:])
        how = f"{made} made, {SNAPSHOTS} reckoned"
    what = f"50 MB, {commits} commits: a week"
    yield Row(f"{what} in the vault ({how})", week / 1e6, "MB")
    for name, each in growth.items():
        if name == "vault":
            continue
        yield Row(f"{what} in {name} ({each.count} made, {SNAPSHOTS} reckoned)", each.week() / 1e6, "MB")
        bar = BARS.get(name)
        yield Row(f"{what}: vault / {name}", 100 * week / each.week(), "%", bar and 100 * bar)


def _restores(trial: Trial) -> Iterator[Row]:
    """The oldest, the newest, the one with the most packs and some others, each beside cp and restic's newest."""
    listed = trial.vault.identifiers()
    deepest = max(listed, key=lambda each: len(trial.vault.manifest(each).packs))
    chosen = {listed[0], listed[-1], deepest, *random.Random(7).sample(listed, 7)}
    trial.snapshot_for_peers()
    peer = restic(trial.folder)
    peer.store(trial.for_peers)
    works: dict[str, Callable[[], object]] = {each: partial(trial.restore, each) for each in sorted(chosen)}
    works |= {"cp": trial.copy, "restic": lambda: SqliteEngine().facts(peer.restore())}
    taken = side_by_side(works, TIMES)
    median = {name: statistics.median(each) for name, each in taken.items()}
    slowest = max(median[each] for each in chosen)
    what = f"50 MB, a week of {len(listed)}"
    packs = len(trial.vault.manifest(deepest).packs)
    yield Row(f"{what}: restic's newest restored and checked (median of {TIMES})", median["restic"], "s")
    among = f"{len(chosen)} of them, up to {packs} packs, {TIMES} times each"
    yield Row(f"{what}: slowest of {among}", slowest, "s")
    yield Row(f"{what}: slowest / restic's newest", slowest / median["restic"], "x", 1.0)
    yield Row(f"{what}: slowest / cp + fsync", slowest / median["cp"], "x", RESTORE_BAR)
