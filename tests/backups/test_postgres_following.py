"""Following a real server's log: what a kill of everything costs, holes, servers put back, and the rights needed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from backups.engines.postgres import base_backup, recovery
from backups.engines.postgres.following import LogFollower
from backups.engines.postgres.lines import Lines
from backups.errors import BackupDamaged
from backups.vault.keys import Keyring
from backups.wal.following import Status
from smsops.environments.database_url import DatabaseUrl
from tests.backups.clusters import PASSWORD, Cluster, cluster
from tests.places import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
KEEPS_LITTLE = ("max_slot_wal_keep_size=-1", "wal_keep_size=0", "min_wal_size=32MB", "max_wal_size=32MB")

# Commits numbers one after the other, and says of each when it was acknowledged.
WRITER = """
import sys, time, psycopg
connection = psycopg.connect(sys.stdin.readline().strip(), autocommit=True)
for number in range(1000000):
    connection.execute("INSERT INTO notes VALUES (%s)", [str(number)])
    print(number, time.time(), flush=True)
    time.sleep(0.01)
"""


@dataclass
class Desk:
    """A school on a server of its own, and a follower of its log in a thread; what it told last."""

    server: Cluster
    url: DatabaseUrl
    folder: Path
    told: list[Status] = field(default_factory=list)
    thread: threading.Thread | None = None
    follower: LogFollower | None = None

    @property
    def lines(self) -> Lines:
        return Lines(self.folder / "postgres", Keyring(self.folder / "keys"))

    @contextlib.contextmanager
    def following(self, url: DatabaseUrl | None = None) -> Iterator[None]:
        done = threading.Event()
        follower = LogFollower(url or self.url, self.lines)
        looks = len(self.told)
        thread = threading.Thread(target=follower.follow, args=(done.is_set, self.told.append, done.wait))
        thread.start()
        try:
            wait_for(lambda: len(self.told) > looks + 1, "the follower")
            yield
        finally:
            done.set()
            thread.join(30)

    def now(self) -> Status:
        return self.told[-1]

    def base(self, url: DatabaseUrl | None = None) -> None:
        line = self.lines.newest()
        assert line is not None
        base_backup.take(url or self.url, line.archive, self.folder / "work")

    def commit(self, note: str) -> datetime:
        """A moment behind that commit, once it can be chosen."""
        self.server.execute(self.url.name, f"INSERT INTO notes VALUES ('{note}')")
        (row,) = self.server.execute("postgres", "SELECT clock_timestamp()")
        assert isinstance(row[0], datetime)
        moment = row[0].astimezone(UTC)
        line = self.lines.newest()
        assert line is not None
        wait_for(lambda: (known := line.known) and known.until >= moment.timestamp() * 1000 + 1, "the moment")
        return moment

    def notes(self, until: datetime | None) -> list[str]:
        """What is there when the server is recovered to that moment."""
        line, base = self.lines.lead(until or datetime.now(UTC))
        scratch, dump = self.folder / "past", self.folder / "dump"
        with recovery.server(line.archive, base, self.url, until, scratch) as beside, psycopg.connect(
            host=beside.host, port=beside.port, dbname=beside.name, user=beside.user
        ) as connection:  # fmt: skip
            assert not dump.exists()
            return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY length(text), text")]


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """On a server with the settings of the test's parameter."""
    with cluster(*getattr(request, "param", ("max_slot_wal_keep_size=1GB",))) as server:
        folder = Path(tempfile.mkdtemp(prefix="smsops-pf-"))
        folder.chmod(0o711)
        yield Desk(server, server.new(), folder)
        shutil.rmtree(folder)


def writing(desk: Desk) -> subprocess.Popen[str]:
    pipe, argv = subprocess.PIPE, [sys.executable, "-c", WRITER]
    child = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, bufsize=1)
    assert child.stdin is not None
    url = desk.url
    child.stdin.write(
        f"host={url.host} port={url.port} dbname={url.name} user={url.user} password={PASSWORD} sslmode=disable\n"
    )
    child.stdin.flush()
    return child


def test_killing_everything_at_once_loses_less_than_two_seconds_of_commits(desk: Desk) -> None:
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            LogFollower(desk.url, desk.lines).follow(lambda: False, lambda status: None)
        os._exit(1)
    wait_for(lambda: (line := desk.lines.newest()) and line.known, "the follower")
    desk.base()
    receiver = int(next(desk.lines.folder.glob("*/receiver.pid")).read_text())
    with writing(desk) as writer:
        assert writer.stdout is not None
        seen = [writer.stdout.readline().split() for _ in range(300)]
        for number in (desk.server.process.pid, pid, receiver):
            os.kill(number, signal.SIGKILL)
        seen += [line.split() for line in writer.stdout.read().splitlines()]
    os.waitpid(pid, 0)
    desk.server.process.wait()
    times = {int(number): float(at) for number, at in seen}
    last = int(desk.notes(None)[-1])
    assert max(times.values()) - times[last] < 2.0
    (span,) = desk.lines.spans()
    assert max(times.values()) - span.end.timestamp() < 8.0  # as far as it is known; what was lost stands above


def throw_away(desk: Desk) -> None:
    """The server throws away log that nobody has fetched."""
    for _ in range(6):
        desk.server.execute(desk.url.name, "INSERT INTO notes VALUES ('unseen')")
        desk.server.execute("postgres", "SELECT pg_switch_wal()")
        desk.server.execute("postgres", "CHECKPOINT")


@pytest.mark.parametrize("desk", [KEEPS_LITTLE], indirect=True)
def test_after_a_hole_a_new_line_begins_and_both_sides_of_it_can_be_had(desk: Desk) -> None:
    with desk.following():
        desk.base()
        before = desk.commit("before")
    throw_away(desk)
    with desk.following():
        assert "there is a hole" in desk.now().gap
        desk.base()
        after = desk.commit("zzzzzz after")
    assert len(desk.lines.spans()) == 2
    assert desk.notes(before) == ["before"]
    assert desk.notes(after) == ["before", *["unseen"] * 6, "zzzzzz after"]
    with pytest.raises(BackupDamaged, match="The log has a gap"):
        desk.lines.lead(desk.lines.spans()[1].start.replace(microsecond=0))


@pytest.mark.parametrize("desk", [KEEPS_LITTLE], indirect=True)
def test_a_server_without_a_bound_keeps_log_only_while_somebody_follows(desk: Desk) -> None:
    slots = "SELECT temporary, active FROM pg_replication_slots"
    with desk.following():
        for _ in range(3):
            desk.base()  # each lets the server throw away what it need not keep
            throw_away(desk)
        wait_for(lambda: desk.server.execute("postgres", slots) == [(True, True)], "the hold")
        desk.commit("kept")
        assert (desk.now().gap, len(desk.lines.spans())) == ("", 1)
        wait_for(lambda: segments(desk) < 8, "the server to throw away what was kept")
    wait_for(lambda: desk.server.execute("postgres", slots) == [], "the end of the hold")


def segments(desk: Desk) -> int:
    """How many files of log the server has left, asked to throw away what it need not keep."""
    desk.server.execute("postgres", "CHECKPOINT")
    ((found,),) = desk.server.execute("postgres", "SELECT count(*) FROM pg_ls_waldir()")
    return int(str(found))


def put_back(desk: Desk, act: Callable[[], object]) -> None:
    """Do something, then give the server the files it had before."""
    data, copy = desk.server.folder / "data", desk.server.folder / "copy"
    desk.server.stop()
    subprocess.run(["cp", "-a", str(data), str(copy)], check=True)
    desk.server.start()
    act()
    desk.server.stop()
    shutil.rmtree(data)
    copy.rename(data)
    desk.server.start()


def test_a_server_whose_files_were_put_back_begins_a_new_line(desk: Desk) -> None:
    with desk.following():
        desk.base()
        kept = desk.commit("1")
    moments: list[datetime] = []

    def act() -> None:
        with desk.following():
            moments.append(desk.commit("2"))

    put_back(desk, act)
    with desk.following():
        assert "put back" in desk.now().gap
        desk.base()
        later = desk.commit("3")
    assert desk.notes(kept) == ["1"]
    assert (desk.notes(moments[0]), desk.notes(later)) == (["1", "2"], ["1", "3"])


def test_files_put_back_are_noticed_also_when_the_log_has_become_longer_than_it_was(desk: Desk) -> None:
    moments: list[datetime] = []
    with desk.following():
        desk.base()

    def act() -> None:
        with desk.following():
            moments.append(desk.commit("2"))

    put_back(desk, act)
    for _ in range(200):  # the log becomes longer than it was when it was last looked at
        desk.server.execute(desk.url.name, "INSERT INTO notes VALUES ('other history')")
    with desk.following():
        wait_for(lambda: "put back" in desk.now().gap, "the gap")
    assert len(desk.lines.all()) == 2
    assert desk.notes(moments[0]) == ["2"]  # not the other history, which was received over it


def limited(desk: Desk, *rights: str) -> DatabaseUrl:
    desk.server.execute("postgres", f"CREATE ROLE keeper LOGIN PASSWORD '{PASSWORD}' {' '.join(rights)}")
    return desk.server.url(desk.url.name, "keeper")


def test_a_user_with_the_right_to_replicate_and_no_other_is_enough(desk: Desk) -> None:
    url = limited(desk, "REPLICATION")
    with desk.following(url):
        desk.base(url)
        desk.commit("1")
        assert (desk.now().problem, desk.now().gap) == ("", "")
    assert len(desk.lines.spans()) == 1


def test_a_user_without_it_is_told_which_right_is_missing(desk: Desk) -> None:
    with desk.following(limited(desk)):
        said = desk.now().problem
    assert "The user keeper may not receive the log of 127.0.0.1" in said
    assert said.endswith("ALTER ROLE keeper REPLICATION.")
    assert PASSWORD not in said


def test_a_full_disk_of_ours_is_said_and_nothing_is_taken_for_kept(desk: Desk, disk: Path) -> None:
    full = replace(desk, folder=disk, told=[])
    with full.following():
        assert full.now().problem == f"The disk of {full.lines.all()[0].folder} is full. Make room, then try again."
    assert full.lines.all()[0].known is None


def test_two_followers_never_write_at_once(desk: Desk) -> None:
    told: list[Status] = []
    with desk.following():
        LogFollower(desk.url, desk.lines).follow(lambda: bool(told), told.append)
        looks = len(desk.told)
        wait_for(lambda: len(desk.told) > looks + 1, "the first one to go on")
    assert "Another process follows the log" in told[0].problem
    assert desk.now().problem == ""
