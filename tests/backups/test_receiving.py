"""The receiver of a PostgreSQL server's log: killed, away too long, and what the server keeps for it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backups.clusters import PASSWORD
from tests.backups.lines_of_servers import Line
from tests.backups.lines_of_servers import line as line
from tests.places import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


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
    assert line.slots() == 1
    line.receiver.stop()
    line.receiver.drop_slot()
    let_the_server_keep(line, "-1")
    line.receiver.start()
    line.fetched()
    assert line.slots() == 0
    let_the_server_keep(line, "1GB")


def test_a_place_in_the_log_that_is_in_use_a_moment_longer_is_given_up_then(line: Line) -> None:
    threading.Timer(0.5, line.receiver.stop).start()
    line.receiver.drop_slot()
    assert line.slots() == 0


def test_the_password_is_on_no_command_line_of_the_receiver(line: Line) -> None:
    told = Path(f"/proc/{line.receiver.start()}/cmdline")
    shown = wait_for(told.read_bytes, "the receiver to be born")
    assert b"pg_receivewal" in shown
    assert PASSWORD.encode() not in shown
