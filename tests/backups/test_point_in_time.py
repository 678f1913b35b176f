"""Recovery of a real PostgreSQL to a moment: exact to the commit, from sealed files, and no hole goes unnoticed."""

from __future__ import annotations

import contextlib
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backups.engines.postgres import base_backup, programs, recovery
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.exchange import Exchange
from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.keys import Keyring
from smsops.errors import OpsError
from smsops.process import Completed
from tests.backups.databases import spoil
from tests.backups.lines_of_servers import Line
from tests.backups.lines_of_servers import line as line
from tests.places import wait_for
from tests.runtimes.acts import alive

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
CANARY = "canary-in-the-log-7f3a"


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
    assert alive(number)
    recovery.remove(line.folder / "scratch")
    wait_for(lambda: not alive(number), "it")
    assert not (line.folder / "scratch").exists()
