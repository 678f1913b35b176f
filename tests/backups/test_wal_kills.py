"""A follower is killed at any moment, beside writers that go on: no commit is lost, doubled or torn."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from backups.wal.follower import Follower
from backups.wal.frames import Position
from backups.wal.log import Log
from backups.wal.records import Entry, Kind
from backups.wal.replay import replay
from tests.backups.databases import commits, make, writing
from tests.backups.test_killed import killed
from tests.backups.wals import ROOT, Actor, acting, log_at, snapshot
from tests.places import wait_for

FOLLOW = """
import sys
from pathlib import Path
from backups.wal.follower import Follower
from backups.wal.following import follow
from tests.backups.wals import log_at
folder = Path(sys.argv[2])
follower = Follower(Path(sys.argv[1]), folder / "shadow", log_at(folder))
follow(follower, lambda: False, lambda status: print(status.position, flush=True), pause=float(sys.argv[3]))
"""


@contextlib.contextmanager
def following(live: Path, folder: Path, pause: float = 0.3) -> Iterator[subprocess.Popen[str]]:
    """Another process that follows, and prints each position it kept; it is killed in the end."""
    words = [sys.executable, "-c", FOLLOW, str(live), str(folder), str(pause)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def commits_at(log: Log, base: tuple[Path, Position], until: Position, folder: Path) -> int:
    """How many commits of the writer there are at that position; fails where one is torn."""
    image = Path(shutil.copyfile(base[0], folder / "image.db"))
    replay(image, base[1], log, until)
    return commits(image)


def kept(log: Log) -> list[Entry]:
    """What is in the one generation, in order."""
    [generation] = log.generations()
    return [entry for _, found in log.records(generation, 1) for entry in found.record.entries if not entry.more]


def each_commit_once(log: Log, base: tuple[Path, Position], folder: Path, samples: int = 12) -> int:
    """The number of the last commit kept; fails unless every position behind the base is the commit after the last."""
    assert {entry.kind for entry in kept(log)} <= {Kind.BEGUN, Kind.COMMIT, Kind.RENAMED}
    behind = [entry.position for entry in kept(log) if entry.kind == Kind.COMMIT]
    behind = behind[behind.index(base[1]) :]
    first = commits(base[0])
    for at in (*Random(3).sample(range(1, len(behind)), samples), len(behind) - 1):
        assert commits_at(log, base, behind[at], folder) == first + at
    return first + len(behind) - 1


def taken(live: Path, target: Path) -> tuple[Path, Position]:
    position = snapshot(live, target)
    assert position is not None
    return target, position


def reached(actor: Actor, enough: int) -> bool:
    [[number]] = actor.do("SELECT n FROM counter")
    return bool(number > enough)


def look(live: Path, folder: Path, looks: int) -> None:
    follower = Follower(live, folder / "shadow", log_at(folder))
    for _ in range(looks):
        follower.poll()


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_line_no_commit_is_lost_or_doubled(tmp_path: Path, seed: int) -> None:
    (tmp_path / "data").mkdir()
    live, log, chance = make(tmp_path / "data" / "live.db"), log_at(tmp_path), Random(seed)
    with writing(live) as writer, acting(live):  # the second has it open, so that the log stays when the first ends
        killed(lambda: look(live, tmp_path, 5), 10**9)
        base = taken(live, tmp_path / "base.db")
        deaths: list[bool] = []
        while len(deaths) < 20 or sum(deaths) <= 10:  # it depends on how much a look finds
            assert len(deaths) < 200
            with writer.going_on():
                deaths.append(killed(lambda: look(live, tmp_path, 30), chance.randrange(1, 9000)))
        writer.end()
        killed(lambda: look(live, tmp_path, 2), 10**9)
        assert each_commit_once(log, base, tmp_path) == commits(live)


@pytest.mark.slow
def test_killed_at_any_moment_not_two_seconds_of_commits_are_lost(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    live, log, chance = make(tmp_path / "data" / "live.db"), log_at(tmp_path), Random(5)
    lost = []
    with writing(live), acting(live) as actor:
        for at in range(7):
            with following(live, tmp_path) as process:
                if not at:
                    base = taken(live, tmp_path / "base.db")
                [[enough]] = actor.do("SELECT n + ? FROM counter", chance.randrange(20, 60))
                wait_for(partial(reached, actor, enough), "some commits")
                process.send_signal(signal.SIGKILL)
                [[written]] = actor.do("SELECT n FROM counter")
            # What a disaster at this moment leaves is the log, and nothing else.
            lost.append(written - commits_at(log, base, kept(log)[-1].position, tmp_path))
        assert sorted(lost)[3] < 50
        assert max(lost) < 2 * 50
