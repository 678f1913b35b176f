"""A canary: an empty commit tells how much a disaster would cost."""

from __future__ import annotations

import threading

import pytest

from backups.wal import canary
from backups.wal.following import follow
from smsops.errors import OpsError
from tests.backups.wals import Desk
from tests.places import digest


def test_a_canary_changes_nothing_but_where_the_database_stands(desk: Desk) -> None:
    before = digest(desk.database)
    position = canary.send(desk.database)
    assert digest(desk.database) == before
    assert desk.follower.poll() == 1
    assert desk.follower.position == position


def test_a_canary_measures_the_time_until_a_commit_is_kept(desk: Desk) -> None:
    ended = threading.Event()
    looking = threading.Thread(target=lambda: follow(desk.follower, ended.is_set, pause=0.1))
    looking.start()
    seconds = [canary.measure(desk.database, desk.log) for _ in range(3)]
    ended.set()
    looking.join()
    assert 0 < max(seconds) < 5


def test_a_canary_that_is_not_kept_is_told(desk: Desk) -> None:
    with pytest.raises(OpsError, match=r"A commit was not kept within 0\.1 s"):
        canary.measure(desk.database, desk.log, patience=0.1)
