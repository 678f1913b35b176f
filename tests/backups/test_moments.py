"""Point in time: every commit is kept by a follower of its own, and the data goes back to any moment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups import selectors, tasks
from backups.models import Backup, LogFollowing
from backups.services import following, moments
from incidents.models import Incident, IncidentState
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.ops.terminal import manage
from tests.places import Place, drive, wait_for

BY = By(name="test")
pytestmark = pytest.mark.django_db(transaction=True)


class Followed:
    """A running SMS whose log is followed by a process of its own."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place, self.log = place, folder / "follow.log"
        self.row = LogFollowing.objects.create(environment=place.environment)
        self.process: subprocess.Popen[str] | None = None

    def start(self, *words: object) -> None:
        with self.log.open("w") as log:
            self.process = manage("follow", *words, stdout=log, stderr=log)
        self.wait(lambda: self.now().alive, "the follower")

    def now(self) -> LogFollowing:
        self.row.refresh_from_db()
        return self.row

    def wait(self, condition: object, what: str) -> None:
        wait_for(condition, f"{what}: {self.log.read_text()[-800:]}", 90)  # type: ignore[arg-type]

    def kept(self) -> datetime:
        """Wait until everything committed by now is kept; a moment behind it."""
        self.wait(lambda: self.now().alive, "the follower")
        assert following.send_canary(self.row) is not None
        moment = timezone.now()
        self.wait(lambda: (self.now().looked_at or moment) > moment, "a look behind the moment")
        return moment

    def commit(self, grade: int) -> datetime:
        self.place.execute(f"UPDATE grades SET grade = {grade} WHERE id = 1")
        return self.kept()

    @property
    def grade(self) -> int:
        return self.place.ask("SELECT grade FROM grades WHERE id = 1")

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@pytest.fixture
def followed(process_place: Place, tmp_path: Path, sms_running: None) -> Iterator[Followed]:
    found = Followed(process_place, tmp_path)
    found.start()
    yield found
    found.end()


@pytest.fixture
def sms_running(process_place: Place) -> None:
    from tests.backups.conftest import running

    running(process_place)


def restored(followed: Followed, until: datetime) -> Run:
    run = drive(moments.start(followed.place.environment, until, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    return run


def test_the_data_goes_back_to_the_moment_before_a_deletion_and_keeps_what_came_before_it(followed: Followed) -> None:
    before = followed.place.students()
    followed.place.back_up()
    moment = followed.commit(3)
    followed.place.execute("DELETE FROM students")
    followed.kept()
    run = restored(followed, moment)
    assert (followed.place.students(), followed.grade) == (before, 3)
    assert re.search(r"\d commit(s were| was) played", run.headline), run.headline


def test_every_one_of_many_moments_can_be_had(followed: Followed) -> None:
    followed.place.back_up()
    wanted = {grade: followed.commit(grade) for grade in (1, 2, 3, 4)}
    for grade in (4, 2):
        restored(followed, wanted[grade])
        assert followed.grade == grade


def test_after_a_restore_the_log_goes_on_with_what_the_database_is_now(followed: Followed) -> None:
    followed.place.back_up()
    moment = followed.commit(3)
    followed.commit(4)
    restored(followed, moment)
    followed.wait(lambda: followed.now().looking, "the follower after the restore")
    followed.place.back_up()
    later = followed.commit(5)
    followed.commit(6)
    restored(followed, later)
    assert followed.grade == 5


def test_a_deploy_lets_the_follower_rest_and_it_goes_on_afterwards(followed: Followed) -> None:
    followed.place.back_up()
    moment = followed.commit(3)
    run = drive(followed.place.plan_deploy("1.18.0"))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "The last commit kept is of" in run.steps.get(kind="log.rest").output
    followed.wait(lambda: followed.now().looking, "the follower after the deploy")
    followed.place.back_up()
    followed.commit(9)
    restored(followed, moment)
    assert followed.grade == 3


def test_to_just_before_a_run(followed: Followed) -> None:
    followed.place.back_up()
    followed.commit(3)
    run = drive(followed.place.plan_deploy("1.18.0"))
    followed.wait(lambda: followed.now().looking, "the follower after the deploy")
    restored(followed, moments.before(run))
    assert followed.grade == 3


def test_a_killed_follower_is_started_again_and_nothing_is_lost(followed: Followed) -> None:
    followed.place.back_up()
    followed.commit(3)
    (child,) = children(followed)
    os.kill(child, signal.SIGKILL)
    killed = timezone.now()
    followed.place.execute("UPDATE grades SET grade = 4 WHERE id = 1")
    followed.wait(lambda: (followed.now().looked_at or killed) > killed, "another follower")
    moment = followed.commit(5)
    followed.commit(6)
    restored(followed, moment)
    assert followed.grade == 5
    assert len(selectors.log_of(followed.place.environment).generations()) == 1


def children(followed: Followed) -> list[int]:
    assert followed.process is not None
    path = Path(f"/proc/{followed.process.pid}/task/{followed.process.pid}/children")
    return [int(each) for each in path.read_text().split()]


def test_a_log_that_nobody_follows_is_an_incident_until_somebody_does(followed: Followed) -> None:
    followed.end()
    LogFollowing.objects.update(awaited_at=timezone.now() - timedelta(minutes=1))
    tasks.look_at_followers()
    incident = Incident.objects.get(fingerprint="log")
    assert "is “manage.py follow” running?" in incident.timeline.latest("pk").text + incident.title
    followed.start()
    tasks.look_at_followers()
    incident.refresh_from_db()
    assert incident.state == IncidentState.RESOLVED


def test_a_follower_that_is_started_again_is_no_incident(followed: Followed) -> None:
    LogFollowing.objects.update(awaited_at=timezone.now() - timedelta(days=1))
    followed.end()
    tasks.look_at_followers()
    assert not Incident.objects.filter(fingerprint="log").exists()


def test_a_log_without_a_backup_to_begin_from_gets_one(followed: Followed) -> None:
    followed.wait(lambda: followed.now().generation, "a generation")
    tasks.look_at_followers()
    run = drive(Run.objects.get(kind="backup"))
    assert (run.state, run.actor_name) == (RunState.SUCCEEDED, "follower")
    tasks.look_at_followers()
    assert Run.objects.filter(kind="backup").count() == 1


def test_without_a_follower_nothing_waits_for_one(followed: Followed) -> None:
    followed.place.back_up()
    moment = followed.commit(3)
    followed.end()
    assert "holds nothing" in restored(followed, moment).steps.get(kind="log.rest").output


def test_the_canary_says_how_much_would_be_lost(followed: Followed) -> None:
    tasks.canaries()
    assert 0 < (followed.now().canary_seconds or 0) < 5


@pytest.mark.parametrize("days", [-1, 1])
def test_a_moment_that_cannot_be_had_is_refused_in_a_sentence(followed: Followed, days: int) -> None:
    followed.place.back_up()
    with pytest.raises(WrongUse, match="has not come yet" if days > 0 else "cannot be reached"):
        moments.plan(followed.place.environment, timezone.now() + timedelta(days=days))


def test_a_backup_says_where_in_the_log_it_stands(followed: Followed) -> None:
    backup = Backup.objects.get(run=followed.place.back_up())
    assert moments.base_for(followed.place.environment, followed.kept()) == backup


def test_a_follower_that_is_not_wanted_any_more_ends(followed: Followed) -> None:
    LogFollowing.objects.update(enabled=False, awaited_at=None)
    followed.wait(lambda: children(followed) == [], "the end of the follower")
    assert followed.now().looked_at is None
    assert followed.row.awaited_at is None  # which is counted from when it is switched on again
