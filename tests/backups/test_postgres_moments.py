"""Point in time where SMS has PostgreSQL: followed, given base backups, and brought back to a moment by a restore."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from backups import tasks
from backups.engines.postgres import programs, recovery
from backups.models import Backup, LogFollowing
from backups.services import backups, following, moments
from incidents.models import Incident, IncidentState
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from tests.backups.clusters import PASSWORD, Cluster
from tests.backups.followed import FollowedServer
from tests.backups.test_postgres_runs import BY, everything, grades, left
from tests.backups.test_postgres_runs import sms as sms
from tests.kills import die, kill_at_every_boundary, killed
from tests.ops.terminal import manage, typed
from tests.places import Place, drive, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A work folder to which the way is open: a recovered server runs as another user than root."""
    folder = Path(tempfile.mkdtemp(prefix="smsops-pm-"))
    folder.chmod(0o711)
    monkeypatch.setattr(settings, "SMSOPS_WORK_DIR", folder / "work")
    yield folder / "work"
    shutil.rmtree(folder)


@pytest.fixture
def followed(sms: Place, server: Cluster, tmp_path: Path, open_work: Path) -> Iterator[FollowedServer]:
    """A running SMS with a backup, whose server's log is followed."""
    from smsops.environments.database_url import parse

    found = FollowedServer(sms.environment, server, parse(sms.environment.database_url), tmp_path / "follow.log")
    assert drive(backups.request(sms.environment, BY)).state == RunState.SUCCEEDED
    found.start()
    yield found
    found.clear()


def restored(followed: FollowedServer, until: datetime) -> Run:
    run = drive(moments.start(followed.environment, until, BY), 180)
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    return run


def test_the_data_goes_back_to_the_moment_before_a_deletion_and_the_old_is_kept(followed: FollowedServer) -> None:
    followed.base()
    moment = followed.commit("kept")
    followed.execute("DELETE FROM grades")
    run = restored(followed, moment)
    assert (grades(followed.server, followed.url), followed.notes()) == (50, ["kept"])
    assert Backup.objects.get(run=run).row_counts["grades"] == 0
    assert "The log after the base backup of" in run.headline
    assert PASSWORD not in everything(run)
    assert left(followed.server, followed.url) == set()
    assert not [path for path in Path(settings.SMSOPS_WORK_DIR).iterdir() if path.name.startswith("run-")]


def test_moments_before_a_restore_and_after_it_can_both_be_had_and_are_never_mixed(followed: FollowedServer) -> None:
    followed.base()
    first = followed.commit("1")
    second = followed.commit("2")
    restored(followed, first)
    assert followed.notes() == ["1"]
    third = followed.commit("3")
    followed.commit("4")
    for moment, wanted in ((second, ["1", "2"]), (third, ["1", "3"])):
        restored(followed, moment)
        assert followed.notes() == wanted
    assert len({span.generation for span in moments.spans(followed.environment)}) == 1


def test_a_deploy_that_is_undone_is_a_few_commits_more(
    followed: FollowedServer, sms: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.backups.test_postgres_runs import _delete_grades

    followed.base()
    before = followed.commit("before")
    monkeypatch.setattr("backups.steps.hold.CompareData.do", _delete_grades(followed.server, followed.url))
    run = sms.deploy("1.18.0")
    assert run.state == RunState.UNDONE, f"{run.headline} {run.cause}"
    assert "The last commit kept is of" in run.steps.get(kind="log.rest").output
    followed.commit("after")
    restored(followed, moments.before(run))
    assert followed.notes() == ["before"]
    assert before < moments.before(run)


def test_a_restore_to_a_moment_survives_a_kill_at_every_boundary(followed: FollowedServer) -> None:
    followed.base()
    moment = followed.commit("kept")
    followed.execute("DELETE FROM grades WHERE id > 20")
    run = moments.start(followed.environment, moment, BY)
    deaths = kill_at_every_boundary(run, lambda: grades(followed.server, followed.url))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert (set(deaths.seen), grades(followed.server, followed.url)) == ({20, 50}, 50)
    assert {"restore.stage:intent", "restore.stage:acted", "restore.swap:acted"} <= deaths.at
    assert left(followed.server, followed.url) == set()


def test_a_worker_killed_while_the_scratch_server_runs_leaves_nothing_of_it(
    followed: FollowedServer, open_work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.base()
    moment = followed.commit("kept")
    followed.execute("DELETE FROM grades")
    run = moments.start(followed.environment, moment, BY)
    past = open_work / f"run-{run.pk}-past"
    connections.close_all()
    with monkeypatch.context() as patched:
        patched.setattr(recovery, "_check_existed", die)
        killed(lambda: drive(run))
    server = int((past / "data" / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{server}").exists()
    run = drive(run, 180)
    assert (run.state, grades(followed.server, followed.url)) == (RunState.SUCCEEDED, 50)
    assert (past.exists(), Path(f"/proc/{server}").exists()) == (False, False)


def test_a_base_backup_survives_a_kill_at_every_boundary(followed: FollowedServer, open_work: Path) -> None:
    tasks.look_at_followers()
    run = Run.objects.get(kind="base_backup")
    kill_at_every_boundary(run, lambda: None)
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    tasks.look_at_followers()
    assert Run.objects.filter(kind="base_backup").count() == 1  # the next one is due in a day
    assert not list(open_work.glob("run-*"))


def test_a_killed_receiver_and_a_stopped_one_are_started_again_without_a_gap(followed: FollowedServer) -> None:
    followed.base()
    first = followed.receiver()
    os.kill(first, signal.SIGKILL)
    followed.commit("while it was away")
    second = followed.receiver()
    os.kill(second, signal.SIGSTOP)
    followed.commit("while it hung")
    assert len({first, second, followed.receiver()}) == 3
    assert followed.now().gap == ""
    assert len(moments.spans(followed.environment)) == 1


def test_a_killed_follower_leaves_the_receiver_working_and_the_next_one_goes_on(followed: FollowedServer) -> None:
    followed.base()
    receiver, (child,) = followed.receiver(), followed.children()
    os.kill(child, signal.SIGKILL)
    killed = timezone.now()
    followed.wait(lambda: followed.later(killed), "another follower")
    moment = followed.commit("kept")
    assert (followed.receiver(), followed.now().gap) == (receiver, "")
    followed.commit("lost")
    restored(followed, moment)
    assert followed.notes() == ["kept"]


def test_a_log_that_nobody_follows_is_an_incident_until_somebody_does(followed: FollowedServer) -> None:
    followed.end()
    LogFollowing.objects.update(awaited_at=timezone.now() - timedelta(minutes=1))
    tasks.look_at_followers()
    incident = Incident.objects.get(fingerprint="log")
    assert "is “manage.py follow” running?" in incident.timeline.latest("pk").text + incident.title
    followed.start()
    tasks.look_at_followers()
    incident.refresh_from_db()
    assert incident.state == IncidentState.RESOLVED


def test_the_canary_says_how_much_would_be_lost(followed: FollowedServer) -> None:
    followed.base()
    followed.commit("kept")
    tasks.canaries()
    assert 0 < (followed.now().canary_seconds or 0) < 5
    said = typed("moments", followed.environment.name, "--canary")
    assert "A commit was kept after" in said.out
    assert (said.code, "The log is followed." in said.out, " all " in said.out) == (0, True, True)


def test_without_the_right_to_replicate_one_sentence_says_so_everywhere(followed: FollowedServer) -> None:
    name, password = f"keeper{followed.environment.pk}", "cAn4ry-keeper"
    followed.server.execute("postgres", f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    followed.end()
    followed.environment.database_url = f"postgresql://{name}:{password}@{followed.url.server}/{followed.url.name}"
    followed.environment.save()
    with followed.said.open("a") as said:
        followed.process = manage("follow", stdout=said, stderr=said)
    followed.wait(lambda: "REPLICATION" in followed.now().problem, "the problem")
    tasks.look_at_followers()
    incident = Incident.objects.get(fingerprint="log")
    told = f"{incident.title} {incident.timeline.latest('pk').text}"
    assert f"The user {name} may not receive the log of" in told
    assert password not in told + followed.said.read_text() + followed.now().problem


def test_a_base_backup_that_fails_is_told_until_one_is_taken(
    followed: FollowedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.look_at_followers()
    with monkeypatch.context() as patched:
        patched.setattr(programs, "HOMES", Path("/nowhere"))
        patched.setenv("PATH", "/nowhere")
        run = drive(Run.objects.get(kind="base_backup"))
    assert (run.state, run.cause[:32]) == (RunState.SAFE, "postgres is not on this machine.")
    assert "No base backup could be taken: postgres is not" in following.problem_of(followed.now())
    tasks.look_at_followers()
    assert Run.objects.filter(kind="base_backup").count() == 1  # it is asked for again a little later


def test_where_it_is_switched_off_nothing_runs_and_the_server_keeps_nothing_for_it(followed: FollowedServer) -> None:
    receiver, slot = followed.receiver(), followed.slot()
    LogFollowing.objects.update(enabled=False)
    followed.wait(lambda: followed.children() == [], "the end of the follower")
    wait_for(lambda: not Path(f"/proc/{receiver}").exists(), "the end of the receiver")
    kept = f"SELECT slot_name FROM pg_replication_slots WHERE starts_with(slot_name, '{slot}')"
    assert (followed.server.execute("postgres", kept), followed.now().looked_at) == ([], None)


def test_a_moment_that_cannot_be_had_is_refused_in_a_sentence(followed: FollowedServer) -> None:
    with pytest.raises(WrongUse, match="There is no base backup yet"):
        moments.plan(followed.environment, timezone.now())
    followed.base()
    with pytest.raises(WrongUse, match="The first base backup is of"):
        moments.plan(followed.environment, timezone.now() - timedelta(hours=1))
    with pytest.raises(WrongUse, match="has not come yet"):
        moments.plan(followed.environment, timezone.now() + timedelta(hours=1))
