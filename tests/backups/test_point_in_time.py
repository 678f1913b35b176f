"""Recovery of a real PostgreSQL to a moment: exact to the commit, from sealed files, and no hole goes unnoticed."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backups.engines.postgres import base_backup, beats, programs, recovery
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.bases import Base
from backups.engines.postgres.exchange import Exchange
from backups.engines.postgres.receiving import Receiver
from backups.engines.postgres.recovery import Recovered
from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.keys import Keyring
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError
from smsops.process import Completed
from tests.backups.clusters import PASSWORD, Cluster
from tests.backups.databases import spoil
from tests.places import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
CANARY = "canary-in-the-log-7f3a"


@dataclass
class Line:
    """A school, its archive, and the receiver that fills it."""

    server: Cluster
    url: DatabaseUrl
    folder: Path
    archive: Archive
    receiver: Receiver

    def base(self) -> Base:
        return base_backup.take(self.url, self.archive, self.folder / "work")

    def commit(self, statement: str) -> datetime:
        """Change something; the moment of that commit, as the server noted it."""
        with self.server.connect(self.url.name) as connection:
            row = connection.execute(
                f"WITH x AS ({statement} RETURNING 1) SELECT pg_current_xact_id()".encode()
            ).fetchone()
            assert row is not None
            moment = connection.execute("SELECT pg_xact_commit_timestamp(%s::text::xid)", [str(row[0])]).fetchone()
        assert moment is not None
        return moment[0].astimezone(UTC)  # type: ignore[no-any-return]

    def fetched(self) -> None:
        """Wait until everything the server has written is here."""
        with self.server.connect("postgres") as connection:
            wanted = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
            query = "SELECT FROM pg_stat_replication WHERE application_name = 'smsops' AND write_lsn >= %s"
            wait_for(lambda: connection.execute(query, wanted).fetchone() is not None, "the log to be fetched")

    def beat(self) -> None:
        with self.server.connect("postgres") as connection:
            beats.send(connection)

    def close_segment(self) -> None:
        self.commit("INSERT INTO notes VALUES ('x')")
        self.server.execute("postgres", "SELECT pg_switch_wal()")
        self.fetched()

    def recover(self, until: datetime | None) -> Recovered:
        self.fetched()
        return recovery.recover(self.archive, self.url, until, self.folder / "scratch", self.folder / "dump")


@pytest.fixture
def line(server: Cluster) -> Iterator[Line]:
    url = server.new()
    with tempfile.TemporaryDirectory(prefix="smsops-pt-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the scratch server runs as another user
        archive = Archive(folder / "archive", Keyring(folder / "keys"))
        receiver = Receiver(url, archive)
        receiver.start()
        yield Line(server, url, folder, archive, receiver)
        receiver.stop()
        free = f"SELECT FROM pg_replication_slots WHERE active AND slot_name = '{receiver.slot}'"
        wait_for(lambda: not server.execute("postgres", free), "the slot to be free")
        receiver.drop_slot()


def test_every_moment_is_exact_to_the_commit(line: Line) -> None:
    line.base()
    moments = [line.commit(f"INSERT INTO notes VALUES ('{number}')") for number in range(12)]
    line.beat()
    for number, offset, wanted in ((0, 0, 1), (7, 0, 8), (7, -1, 7)):
        found = line.recover(moments[number] + timedelta(microseconds=offset))
        assert found.row_counts["notes"] == wanted
        assert found.at is not None
        assert found.at <= moments[number]


def test_what_was_deleted_comes_back_and_takes_the_live_ones_place(line: Line) -> None:
    line.base()
    before = line.commit("INSERT INTO students (name) VALUES ('last')")
    line.commit("DELETE FROM grades")
    line.close_segment()
    line.archive.take_in()
    found = line.recover(before)
    assert (found.row_counts["grades"], found.row_counts["students"]) == (50, 51)
    exchange = Exchange(line.url, 9)
    assert exchange.fill(found.dump) == found.row_counts
    exchange.prove()
    exchange.swap()
    assert line.server.students(line.url) == 51
    exchange.drop(exchange.names.old)


def test_the_newest_state_holds_the_last_commit_and_nothing_is_left(line: Line) -> None:
    line.base()
    line.commit("INSERT INTO notes VALUES ('last words')")
    assert line.recover(None).row_counts["notes"] == 1
    assert not (line.folder / "scratch").exists()
    assert not (line.folder / "work").exists()


def test_nothing_that_is_kept_can_be_read_without_the_key(line: Line) -> None:
    line.commit(f"INSERT INTO notes VALUES ('{CANARY}')")
    base = line.base()
    line.commit(f"INSERT INTO notes VALUES ('{CANARY}')")
    line.close_segment()
    line.close_segment()
    line.archive.take_in()
    kept = list(line.archive.folder.rglob("*.sealed"))
    assert len(kept) >= 3
    assert not [path for path in kept if CANARY.encode() in path.read_bytes()]
    other = Archive(line.archive.folder, Keyring(line.folder / "other keys"))
    with pytest.raises(KeyUnusable):
        base_backup.unpack(other, base, line.folder / "x")


def test_a_changed_bit_in_a_sealed_file_stops_the_recovery(line: Line) -> None:
    base = line.base()
    spoil(line.archive.base_envelope(base.name), 8 * 100_000)
    with pytest.raises(BackupDamaged):
        line.recover(None)
    assert not (line.folder / "scratch").exists()


def test_a_moment_before_the_first_base_backup_is_refused(line: Line) -> None:
    with pytest.raises(BackupDamaged, match="there is none at all"):
        line.recover(datetime.now(UTC))
    base = line.base()
    with pytest.raises(BackupDamaged, match=r"There is no base backup from before that moment; the first is of 20"):
        line.recover(base.moment - timedelta(seconds=1))


def test_a_moment_the_log_does_not_reach_is_refused_with_where_it_ends(line: Line) -> None:
    line.base()
    line.commit("INSERT INTO notes VALUES ('last')")
    with pytest.raises(OpsError, match=r"The log ends before 2\d+-.* UTC; its last change is of 20"):
        line.recover(datetime.now(UTC) + timedelta(hours=1))


def test_a_quiet_time_can_be_chosen_after_a_beat(line: Line) -> None:
    line.base()
    line.commit("INSERT INTO notes VALUES ('last')")
    quiet = datetime.now(UTC)
    line.beat()
    assert line.recover(quiet).row_counts["notes"] == 1


def test_a_killed_receiver_goes_on_without_a_hole(line: Line) -> None:
    base = line.base()
    line.close_segment()
    line.archive.take_in()
    os.kill(line.receiver.start(), signal.SIGKILL)
    wait_for(lambda: line.receiver.pid() is None, "the receiver to be dead")
    line.commit("INSERT INTO notes VALUES ('while it was away')")
    line.receiver.start()
    line.close_segment()
    assert line.archive.coverage(base).problem == ""
    assert line.recover(None).row_counts["notes"] == 3


KEPT = "wal_keep_size"  # of log whoever wants it


def let_the_server_keep(line: Line, bound: str, setting: str = "max_slot_wal_keep_size") -> None:
    """How much log the server keeps for a slot; and it throws away what it need not keep at every checkpoint."""
    line.server.execute("postgres", f"ALTER SYSTEM SET {setting} = '{bound}'")
    line.server.execute("postgres", "SELECT pg_reload_conf()")
    wait_for(lambda: line.server.execute("postgres", f"SHOW {setting}") == [(bound,)], "the setting")


@pytest.fixture(params=["-1", "16MB"])
def forgetful(request: pytest.FixtureRequest, line: Line) -> Iterator[Line]:
    """A server that keeps little log for a receiver that is away: without any slot, and with a small bound."""
    line.receiver.stop()
    line.receiver.drop_slot()
    others = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active"
    line.server.execute("postgres", others)  # a slot another test left would keep the log
    let_the_server_keep(line, request.param)
    let_the_server_keep(line, "256MB", KEPT)  # or a checkpoint may be quicker than the receiver
    line.receiver.start()
    line.fetched()
    yield line
    let_the_server_keep(line, "1GB")
    let_the_server_keep(line, "0", KEPT)


def test_a_receiver_that_was_away_too_long_says_so_and_the_hole_is_found(forgetful: Line) -> None:
    line, base = forgetful, forgetful.base()
    line.close_segment()
    line.receiver.stop()
    let_the_server_keep(line, "0", KEPT)
    for _ in range(5):
        line.commit("INSERT INTO notes VALUES ('x')")
        line.server.execute("postgres", "SELECT pg_switch_wal()")
        line.server.execute("postgres", "CHECKPOINT")
    line.receiver.start()
    wait_for(lambda: line.receiver.pid() is None, "the receiver to give up")
    problem = line.receiver.problem()
    assert problem is not None
    assert "there is a hole" in problem.message
    let_the_server_keep(line, "256MB", KEPT)
    line.receiver.stop()
    line.receiver.drop_slot()
    line.archive.finish()
    line.receiver.start()
    line.close_segment()
    line.close_segment()
    assert "is missing, although" in line.archive.coverage(base).problem
    assert line.archive.coverage(line.base()).first.number > base.first.number


def test_the_server_never_keeps_log_without_bound_for_a_receiver_that_is_away(line: Line) -> None:
    slots = f"SELECT count(*) FROM pg_replication_slots WHERE starts_with(slot_name, '{line.receiver.slot}')"
    assert line.server.execute("postgres", slots) == [(1,)]
    line.receiver.stop()
    line.receiver.drop_slot()
    let_the_server_keep(line, "-1")
    line.receiver.start()
    line.fetched()
    assert line.server.execute("postgres", slots) == [(0,)]
    let_the_server_keep(line, "1GB")


def test_a_place_in_the_log_that_is_in_use_a_moment_longer_is_given_up_then(line: Line) -> None:
    threading.Timer(0.5, line.receiver.stop).start()
    line.receiver.drop_slot()
    slots = f"SELECT count(*) FROM pg_replication_slots WHERE starts_with(slot_name, '{line.receiver.slot}')"
    assert line.server.execute("postgres", slots) == [(0,)]


def test_a_base_backup_that_is_not_verified_is_none(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    run = programs.run

    def meddle(argv: list[str], *rest: Any, **more: Any) -> Completed:
        if "verifybackup" in argv[0]:
            spoil(line.folder / "work" / "global" / "pg_control", 100)
        return run(argv, *rest, **more)

    monkeypatch.setattr(programs, "run", meddle)
    with pytest.raises(OpsError, match="pg_verifybackup says"):
        line.base()
    assert line.archive.bases() == []


def test_old_base_backups_go_with_the_log_only_they_needed(line: Line) -> None:
    first = line.base()
    line.close_segment()
    second = line.base()
    line.close_segment()
    line.archive.take_in()
    assert line.archive.forget_before(second) >= 1
    assert [base.name for base in line.archive.bases()] == [second.name]
    assert not line.archive.base_envelope(first.name).exists()
    assert line.archive.coverage(second).problem == ""


def test_a_recovery_whose_worker_was_killed_is_cleared_away(line: Line) -> None:
    base = line.base()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            context = recovery.server(line.archive, base, line.url, None, line.folder / "scratch")
            context.__enter__()
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    number = int((line.folder / "scratch" / "data" / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{number}").exists()
    recovery.remove(line.folder / "scratch")
    wait_for(
        lambda: not Path(f"/proc/{number}/cmdline").exists() or not Path(f"/proc/{number}/cmdline").read_bytes(), "it"
    )
    assert not (line.folder / "scratch").exists()


def test_the_password_is_on_no_command_line_of_the_receiver(line: Line) -> None:
    shown = Path(f"/proc/{line.receiver.start()}/cmdline").read_bytes()
    assert b"pg_receivewal" in shown
    assert PASSWORD.encode() not in shown
