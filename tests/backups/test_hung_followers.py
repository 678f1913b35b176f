"""Followers and supervisors that hang, really stopped: SMS's log is let go of, somebody says so, and it goes on."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups import selectors, tasks
from backups.models import LogFollowing
from backups.services import following
from backups.services.lifelines import work_of
from backups.services.supervision import Child
from incidents.models import Incident, IncidentState
from incidents.receivers import logs
from tests.backups.databases import leave_a_log
from tests.backups.test_moments import Followed, children
from tests.backups.test_moments import sms_running as sms_running
from tests.places import Place, wait_for
from tests.runtimes.acts import alive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watched(process_place: Place, tmp_path: Path, sms_running: None) -> Iterator[Followed]:
    """A followed SMS whose supervisor is out of patience after 3 s."""
    found = Followed(process_place, tmp_path)
    found.start("--patience", 3)
    yield found
    if found.process is not None:
        found.process.send_signal(signal.SIGCONT)
    found.end()


def generations(watched: Followed) -> int:
    return len(selectors.log_of(watched.place.environment).generations())


def test_a_follower_that_hangs_is_ended_and_the_log_goes_on(watched: Followed) -> None:
    watched.commit(3)
    (child,) = children(watched)
    os.kill(child, signal.SIGSTOP)
    watched.place.execute("UPDATE grades SET grade = 4 WHERE id = 1")
    watched.wait(lambda: not alive(child), "the end of the follower that hangs")
    watched.wait(lambda: watched.now().hung_at, "the note of it")
    watched.wait(lambda: watched.now().alive, "another follower")
    watched.commit(5)
    assert "has hung for" in watched.log.read_text()
    assert watched.now().hung_at is not None
    assert (generations(watched), watched.row.gap) == (1, "")


def test_a_follower_whose_supervisor_hangs_ends_and_is_there_again_when_that_goes_on(watched: Followed) -> None:
    watched.commit(3)
    assert watched.process is not None
    (child,) = children(watched)
    watched.process.send_signal(signal.SIGSTOP)
    watched.wait(lambda: not alive(child), "the end of a follower nobody watches")
    assert watched.now().looked_at is None
    assert "The supervisor hangs" in watched.log.read_text()
    watched.process.send_signal(signal.SIGCONT)
    watched.wait(lambda: watched.now().alive, "another follower")
    watched.commit(5)
    assert (generations(watched), watched.row.gap) == (1, "")


def test_a_follower_whose_supervisor_is_killed_ends(watched: Followed) -> None:
    assert watched.process is not None
    (child,) = children(watched)
    watched.process.kill()
    watched.process.wait(5)
    wait_for(lambda: not alive(child), "the end of the follower")
    assert watched.now().looked_at is None


@pytest.fixture
def busy() -> Iterator[Child]:
    """A process that works and says nothing."""
    child = Child([sys.executable, "-c", "while True: pass"], patience=10)
    yield child
    child.end()
    child.process.wait()
    child.close()


def test_who_works_without_a_word_is_not_taken_to_hang_and_who_is_stopped_is(busy: Child) -> None:
    began, number = time.monotonic(), busy.process.pid
    busy.look(began)
    wait_for(lambda: work_of(number) != busy.done, "some work")
    busy.look(began + 11)
    assert not busy.silence(began + 12)
    busy.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: " T " in Path(f"/proc/{number}/stat").read_text(), "it to be stopped")
    busy.look(began + 24)
    busy.look(began + 36)
    assert busy.silence(began + 36) > 10


def test_a_log_of_sms_beyond_its_bound_is_an_incident_until_it_was_written_back(
    process_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = LogFollowing.objects.create(environment=process_place.environment)
    for module in (following, logs):
        monkeypatch.setattr(module, "LONG", 1000)
    leave_a_log(process_place.database, "UPDATE grades SET grade = 1")
    tasks.look_at_followers()
    incident = Incident.objects.get(fingerprint="log size")
    row.refresh_from_db()
    assert incident.title.startswith("The log of SMS is ")
    assert row.log_bytes > 1000
    process_place.execute("PRAGMA user_version")  # the last connection writes the log back
    tasks.look_at_followers()
    incident.refresh_from_db()
    assert incident.state == IncidentState.RESOLVED
