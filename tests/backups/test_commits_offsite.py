"""Commits are copied elsewhere by a process of its own; from there alone the data comes back to the last seconds."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from backups import selectors, tasks
from backups.models import Backup, LogFollowing, OffsiteVault
from backups.services import log_copies, log_lags, log_posts, moments, offsite, rescues
from backups.vault.remote import Site
from backups.vault.replication import Fault
from backups.wal.stock import Stock
from incidents.models import Incident, IncidentState
from smsops.errors import OpsError
from smsops.models import RunState
from tests.backups.servers import moto
from tests.backups.ships import names
from tests.backups.test_moments import BY, Followed, children, restored
from tests.backups.test_offsite import elsewhere
from tests.places import Place, drive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def native(process_place: Place) -> Place:
    from tests.backups.conftest import running

    return running(process_place)


@pytest.fixture
def mount(tmp_path: Path) -> Site:
    (tmp_path / "mount").mkdir()
    return Site("folder", str(tmp_path / "mount"))


@pytest.fixture
def away(native: Place, mount: Site) -> OffsiteVault:
    """A mounted folder to which commits go every second."""
    return elsewhere(native, mount, log_seconds=1)


@pytest.fixture
def followed(native: Place, tmp_path: Path) -> Iterator[Followed]:
    found = Followed(native, tmp_path)
    yield found
    found.end()


def there(vault: OffsiteVault, followed: Followed) -> None:
    """Wait until everything kept by now is elsewhere."""
    kept = followed.kept()
    followed.wait(lambda: (now(vault).log_at or kept) > kept, f"the copy of the commits: {now(vault).log_problem}")


def now(vault: OffsiteVault) -> OffsiteVault:
    return OffsiteVault.objects.select_related("environment__log_following").get(pk=vault.pk)


def burn(followed: Followed) -> None:
    """Kill everything, and lose all but the installation's own settings: vault, work, SMS's data, catalogue."""
    assert followed.process is not None
    pids = [followed.process.pid, *children(followed)]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    followed.process.wait(10)
    instance = followed.place.runtime.inspect(followed.place.environment.instance)
    assert instance is not None
    followed.place.runtime.stop(instance.name, 0)
    for folder in (settings.SMSOPS_VAULT_DIR, settings.SMSOPS_WORK_DIR):
        shutil.rmtree(folder)
    for path in followed.place.database.parent.iterdir():
        path.unlink()
    Backup.objects.all().delete()
    LogFollowing.objects.all().delete()


@pytest.mark.parametrize("kind", ["folder", "rclone"])
def test_after_the_loss_of_everything_the_data_comes_back_to_the_last_second(
    request: pytest.FixtureRequest, followed: Followed, mount: Site, kind: str
) -> None:
    site = mount if kind == "folder" else request.getfixturevalue("rclone_site")
    vault = elsewhere(followed.place, site, log_seconds=1, prefix=f"burnt-{followed.place.name}")
    followed.start()
    followed.place.back_up()
    assert drive(offsite.request(vault, BY)).state == RunState.SUCCEEDED
    for grade in (1, 2, 3):
        followed.commit(grade)
    there(vault, followed)
    followed.place.execute("UPDATE grades SET grade = 4 WHERE id = 1")
    there(vault, followed)
    burn(followed)
    found = rescues.reindex(vault)
    assert (len(found.added), " brought." in found.commits.partition(" of them w")[2]) == (1, True)
    run = drive(moments.start(followed.place.environment, timezone.now(), BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert (followed.grade, followed.place.serving()) == (4, True)


def test_a_restore_to_a_moment_fetches_by_itself_what_is_damaged_here(followed: Followed, away: OffsiteVault) -> None:
    followed.start()
    followed.place.back_up()
    moment = followed.commit(3)
    followed.commit(4)
    there(away, followed)
    followed.end()
    for path in selectors.log_of(followed.place.environment).shelf.root.glob("log/*/*.log"):
        path.write_bytes(path.read_bytes()[:300])
    restored(followed, moment)
    assert followed.grade == 3


def test_a_moment_is_reached_when_the_local_vault_is_gone(followed: Followed, away: OffsiteVault) -> None:
    followed.start()
    followed.place.back_up()
    drive(offsite.request(away, BY))
    moment = followed.commit(3)
    followed.commit(4)
    there(away, followed)
    followed.end()
    shutil.rmtree(selectors.vault_of(followed.place.environment).shelf.root)
    Backup.objects.update(here=False)
    restored(followed, moment)
    assert followed.grade == 3


def test_the_copier_is_started_with_the_follower_and_ends_with_it(followed: Followed, away: OffsiteVault) -> None:
    followed.start()
    followed.wait(lambda: len(children(followed)) == 2, "a follower and a copier")
    pids = children(followed)
    followed.commit(3)
    there(away, followed)
    followed.end()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with offsite.shelf_of(away) as shelf:
        assert names(shelf)


def test_a_killed_copier_is_started_again_and_goes_on(followed: Followed, away: OffsiteVault) -> None:
    followed.start()
    followed.commit(3)
    there(away, followed)
    (copier,) = [pid for pid in children(followed) if b"copy_log" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(copier, signal.SIGKILL)
    followed.commit(4)
    there(away, followed)
    assert now(away).log_faults == 0


def test_a_vault_that_wants_no_commits_gets_none(followed: Followed, away: OffsiteVault) -> None:
    OffsiteVault.objects.update(copy_log=False)
    followed.start()
    followed.commit(3)
    assert (log_posts.wanted(), log_lags.said(now(away)), log_lags.lag_of(now(away))) == ([], "", None)
    assert len(children(followed)) == 1


def test_a_server_that_comes_back_gets_what_it_missed(followed: Followed, tmp_path: Path) -> None:
    with moto(tmp_path) as site:
        pass
    vault = elsewhere(followed.place, site, log_seconds=1)
    followed.start()
    followed.commit(3)
    followed.wait(lambda: "does not answer" in now(vault).log_problem, "a word of the trouble")
    port = site.address.rpartition(":")[2]
    with moto(tmp_path, port=int(port)):
        there(vault, followed)
        assert (now(vault).log_problem, now(vault).log_faults) == ("", 0)


def test_two_copiers_for_one_vault_are_one_too_many(away: OffsiteVault) -> None:
    folder = Path(settings.SMSOPS_WORK_DIR) / "offsite-log" / str(away.pk)
    with log_copies._alone(folder), pytest.raises(OpsError, match="already"):
        log_copies.run(away.pk, lambda: True)


def test_what_is_damaged_there_is_known_after_a_start_and_told_until_it_is_right(
    followed: Followed, away: OffsiteVault
) -> None:
    post = log_posts.Post(away.pk, Path(settings.SMSOPS_WORK_DIR))
    Path(settings.SMSOPS_WORK_DIR).mkdir(exist_ok=True)
    post.faults["x.part"] = Fault("x.part", True, "is damaged")
    post.tell(timezone.now())
    again = log_posts.Post(away.pk, Path(settings.SMSOPS_WORK_DIR))
    again.tell(timezone.now())
    assert (now(away).log_problem, now(away).log_faults) == ("x.part is damaged in the replica.", 1)
    again.faults.clear()
    again.tell(timezone.now())
    assert (now(away).log_problem, now(away).log_faults) == ("", 0)


def looked(followed: Followed, vault: OffsiteVault, **values: object) -> Incident | None:
    """What comes of it when the copy of a followed log stands like that."""
    LogFollowing.objects.update(looked_at=timezone.now())
    OffsiteVault.objects.update(copied_at=timezone.now(), **values)
    tasks.copy_offsite()
    return Incident.objects.filter(fingerprint=f"offsite-log:{vault.pk}").first()


def test_commits_that_are_late_are_an_incident_until_they_are_there(followed: Followed, away: OffsiteVault) -> None:
    assert looked(followed, away, log_at=timezone.now() - timedelta(seconds=60)) is None
    incident = looked(followed, away, log_at=timezone.now() - timedelta(minutes=5), log_problem="No answer.")
    assert incident is not None
    assert "are on this machine alone. No answer." in incident.timeline.latest("pk").text
    incident = looked(followed, away, log_at=timezone.now(), log_problem="")
    assert incident is not None and incident.state == IncidentState.RESOLVED


def test_a_damaged_copy_of_commits_is_an_incident(followed: Followed, away: OffsiteVault) -> None:
    said = {"log_at": timezone.now(), "log_problem": "x.part is damaged in the replica."}
    assert looked(followed, away, **said) is None  # a word of a passing trouble
    incident = looked(followed, away, **said, log_faults=1)
    assert incident is not None and incident.title == "Commits are not copied to away as they should be"


def test_a_log_nobody_follows_is_told_as_that_alone(followed: Followed, away: OffsiteVault) -> None:
    LogFollowing.objects.update(looked_at=timezone.now() - timedelta(hours=1))
    OffsiteVault.objects.update(log_at=timezone.now() - timedelta(hours=1))
    assert log_lags.problem_of(now(away)) == ""
    with offsite.shelf_of(away) as shelf:
        assert Stock(shelf).generations() == []


def test_commits_the_follower_has_not_kept_yet_are_not_said_to_be_elsewhere(
    followed: Followed, away: OffsiteVault
) -> None:
    kept = timezone.now() - timedelta(minutes=1)
    LogFollowing.objects.update(looked_at=kept)
    looks = iter([False, True])
    log_copies.run(away.pk, lambda: next(looks, True))
    assert now(away).log_at == kept


@pytest.mark.slow
def test_nine_commits_in_ten_are_elsewhere_within_seconds(followed: Followed, rclone_site: Site) -> None:
    vault = elsewhere(followed.place, rclone_site, prefix=f"lag-{followed.place.name}")
    assert vault.log_seconds == 5
    followed.start()
    followed.commit(3)
    there(vault, followed)
    made: list[float] = []
    seen: dict[int, float] = {}
    with offsite.shelf_of(vault) as shelf, contextlib.closing(sqlite3.connect(followed.place.database)) as writer:
        while len(made) < 150 or max(seen) < made[-1] * 1000:
            if len(made) < 150:
                with writer:
                    writer.execute("UPDATE grades SET grade = ? WHERE id = 1", (len(made) % 6 + 1,))
                made.append(time.time())
            for _, parts in Stock(shelf).backwards():
                for part in parts:
                    seen.setdefault(part.time, time.time())
            assert time.time() - made[-1] < 60
    lags = sorted(min(at for known, at in seen.items() if known >= commit * 1000) - commit for commit in made)
    print(
        f"commits elsewhere: half after {lags[75]:.1f} s, 9 in 10 after {lags[135]:.1f} s, all after {lags[-1]:.1f} s"
    )
    assert lags[135] < 20


@pytest.mark.slow
def test_the_loss_of_everything_costs_seconds_of_commits(followed: Followed, rclone_site: Site) -> None:
    vault = elsewhere(followed.place, rclone_site, prefix=f"loss-{followed.place.name}")
    followed.place.execute("CREATE TABLE ticks (at REAL)")
    followed.start()
    followed.place.back_up()
    drive(offsite.request(vault, BY))
    there(vault, followed)
    began, made = time.time(), []  # when each commit was done, and its tick
    with contextlib.closing(sqlite3.connect(followed.place.database)) as writer:
        while time.time() < began + 14:
            tick = time.time()
            with writer:
                writer.execute("INSERT INTO ticks VALUES (?)", (tick,))
            made.append((time.time(), tick))
            time.sleep(0.002)  # the pace of a busy school; at full speed the follower falls behind, and says so
    told = now(vault).log_at
    burn(followed)
    rescues.reindex(vault)
    run = drive(moments.start(followed.place.environment, timezone.now(), BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    with contextlib.closing(sqlite3.connect(followed.place.database)) as connection:
        ticks, newest = connection.execute("SELECT count(*), max(at) FROM ticks").fetchone()
    print(f"lost with the whole machine: {made[-1][1] - newest:.1f} s of commits; {ticks} came back")
    assert told is not None
    assert told.timestamp() > made[0][0], "nothing was copied meanwhile"
    assert max(tick for done, tick in made if done <= told.timestamp()) <= newest, "it was said to be elsewhere"
