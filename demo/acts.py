"""The acts of the story; imported once Django is set up."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from django.utils import timezone

from backups.models import Backup, LogFollowing
from backups.selectors import database_path, latest_good
from backups.services import backups, following, moments, recoveries, restore_tests, restores
from demo import week
from demo.school_client import School
from demo.telling import Line, wait_for
from demo.visitors import Visitors
from deployments import selectors as releases
from deployments.services import crossing, deploys, rehearsals, rollbacks
from incidents import selectors
from incidents.fingerprints import SERVICE
from incidents.models import Incident, IncidentState
from smsops import health
from smsops.models import FINAL, Environment, Run, RunState, Trigger
from smsops.runs.plan import By
from smsops.runtimes.registry import runtime_for
from smsops.text import bytes_text

BY = By(trigger=Trigger.COMMAND, name="demo", reason="The demo's story")
_before_loss: list[int] = []


def environment() -> Environment:
    return Environment.objects.get(name="demo")


def finished(run: Run) -> Run:
    """The run with its verdict; only the worker works on it, this process just looks."""

    def ended() -> bool:
        run.refresh_from_db()
        return run.state in FINAL and run.end_announced

    wait_for(ended, f"run {run.pk}")
    return run


def deploy(version: str, wanted: str) -> Line:
    run = finished(deploys.deploy(releases.find(environment(), version), BY, read()))
    return Line(run.state == wanted, f"{run.get_state_display()}: {run.headline}")


def read() -> list[str]:
    """The versions whose breaking changes somebody has read: all of them."""
    return [release.version for release in crossing.breaking(environment())]


def back_up() -> Line:
    run = finished(backups.request(environment(), BY))
    return Line(run.state == RunState.SUCCEEDED, run.headline)


def verify() -> Line:
    backup = latest_good(environment())
    assert backup is not None
    run = finished(backups.verify(backup, BY))
    return Line(run.state == RunState.SUCCEEDED, run.headline)


def deploy_broken(version: str) -> Line:
    run = finished(deploys.deploy(releases.find(environment(), version), BY, read()))
    incident = Incident.objects.filter(run=run).first()
    serving = health.look(environment().base_url)
    right = run.state == RunState.UNDONE and incident is not None and serving.good
    found = "NO INCIDENT"
    if incident is not None:
        taken = f"{incident.evidence.count()} pieces of evidence"
        found = f"incident {incident.pk} ({incident.get_severity_display()}, {taken})"
    return Line(
        right,
        f"{run.get_state_display()}: {run.cause} SMS serves again; {found}.",
    )


def rehearse(version: str) -> Line:
    """The release upgrades a copy, runs on it and goes back, where nobody notices."""
    run = finished(rehearsals.start(releases.find(environment(), version), BY))
    return Line(run.state == RunState.SUCCEEDED, run.headline)


def rehearse_broken(version: str) -> Line:
    """The same with a release that loses rows: it fails where nobody notices, and says in which table."""
    run = finished(rehearsals.start(releases.find(environment(), version), BY))
    return Line(run.state in (RunState.SAFE, RunState.UNDONE) and "loses rows" in run.cause, run.cause)


def visited(change: Callable[[], Run], without_stop: bool = True) -> Line:
    """A change of SMS while fifty people a second come by."""
    with Visitors(environment().host_port) as visitors:
        run = finished(change())
    steps = set(run.steps.values_list("kind", flat=True))
    right = run.state == RunState.SUCCEEDED and not visitors.failed and ("switch.stop" in steps) != without_stop
    said = f"{len(visitors.visits)} requests, {len(visitors.failed)} failed, the longest took {visitors.worst:.2f} s."
    return Line(right, f"{run.headline} {said}")


def deploy_visited(version: str, *, without_stop: bool) -> Line:
    return visited(lambda: deploys.deploy(releases.find(environment(), version), BY, read()), without_stop)


def roll_back_at_once() -> Line:
    return visited(lambda: rollbacks.start(environment(), BY))


def go_back_to(version: str, strategy: str) -> Line:
    """Asks for the price first, then pays it; the way that was to be expected is taken, and leads there."""
    way = next(each for each in rollbacks.ways(environment(), version) if each.open)
    run = finished(rollbacks.start(environment(), BY, version))
    price = f"“{way.title}”: {' '.join(way.costs) or 'it costs no data'}."
    right = run.state == RunState.SUCCEEDED and way.strategy == strategy and version in run.headline
    return Line(right, f"{price} {run.headline}")


def kill() -> Line:
    place = environment()
    open_ones = selectors.live_incidents().filter(environment=place)
    wait_for(lambda: not open_ones.exists(), "the incident of before to be over: a crash meanwhile would belong to it")
    pid = runtime_for(place).describe(place.instance)["state"]["pid"]  # type: ignore[index]
    live = open_ones.filter(fingerprint=SERVICE)  # new, or one that flaps
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    wait_for(live.exists, "an incident")
    noticed = time.monotonic() - began
    incident = live[0]

    def resolved() -> bool:
        incident.refresh_from_db()
        return incident.state == IncidentState.RESOLVED

    wait_for(resolved, "the incident to be resolved")
    seen = health.look(place.base_url)
    named = f"“{incident.title}” ({incident.get_severity_display()})"
    return Line(seen.good, f"Noticed after {noticed:.1f} s as {named}, resolved after {incident.seconds:.1f} s.")


def lose_students(school: School) -> Line:
    run = finished(backups.request(environment(), BY))
    school.sign_in()
    before = school.count()
    gone = school.delete(200)
    after = school.count()
    _before_loss[:] = [before, run.pk]
    right = run.state == RunState.SUCCEEDED and gone == 200 and after == before - 200
    return Line(right, f"SMS showed {before:,} students, now it shows {after:,}.")


def restore(school: School) -> Line:
    before, run_id = _before_loss
    backup = Backup.objects.get(run_id=run_id)
    run = finished(restores.start(backup, BY))
    after = school.count()
    right = run.state == RunState.SUCCEEDED and after == before
    return Line(right, f"{run.headline} SMS shows {after:,} students again.")


def put_back(school: School) -> Line:
    """Fifty students are deleted by mistake; they come back, and nothing else changes."""
    backup = Backup.objects.get(run=finished(backups.request(environment(), BY)))
    instance = runtime_for(environment()).inspect(environment().instance)
    school.sign_in()
    before, gone = school.count(), school.delete(50)
    missing = school.count()
    run = finished(recoveries.put_back(backup, {"students": ["hidden"]}, BY, with_children=False))
    after = school.count()
    same = runtime_for(environment()).inspect(environment().instance) == instance
    right = run.state == RunState.SUCCEEDED and gone == 50 and missing == before - 50 and after == before and same
    return Line(right, f"{run.headline} SMS showed {missing:,} students, and shows {after:,}; it never stopped.")


def follow() -> Line:
    """From here on every commit is kept."""
    LogFollowing.objects.get_or_create(environment=environment())
    row = LogFollowing.objects.get(environment=environment())

    def alive() -> bool:
        row.refresh_from_db()
        return row.alive

    wait_for(alive, "the follower of the log")
    taken = finished(backups.request(environment(), BY))
    loss = following.send_canary(row)
    right = taken.state == RunState.SUCCEEDED and loss is not None and loss < 5
    return Line(right, f"Every commit is kept from now on; if all broke now, {loss or 0:.2f} s of work would be lost.")


def go_back(school: School) -> Line:
    """Thirty students are deleted by mistake; the whole school goes back to the moment before."""
    school.sign_in()
    before = school.count()
    following.send_canary(LogFollowing.objects.get(environment=environment()))
    moment = timezone.now()
    gone = school.delete(30)
    missing = school.count()
    following.send_canary(LogFollowing.objects.get(environment=environment()))
    run = finished(moments.start(environment(), moment, BY))
    after = school.count()
    right = run.state == RunState.SUCCEEDED and gone == 30 and missing == before - 30 and after == before
    return Line(right, f"{run.headline} SMS showed {missing:,} students, and shows {after:,}.")


def week_of_backups() -> Line:
    """A week of backups every fifteen minutes, of a copy of this school."""
    place = environment()
    found = week.play(database_path(place, runtime_for(place)))
    return Line(
        found.right and found.stored < found.raw / 20,
        f"{week.BACKUPS} backups of {bytes_text(found.raw)} lie in {bytes_text(found.stored)}, encrypted, made in "
        f"{found.seconds:.0f} s; one from the middle came back with its own rows.",
    )


def test_restore() -> Line:
    """SMS is really started on a copy of the newest backup, beside the real one."""
    backup = Backup.objects.filter(environment=environment(), damage="").latest("taken_at")
    run = finished(restore_tests.start(backup, BY))
    return Line(run.state == RunState.SUCCEEDED, run.headline)


def status() -> Line:
    def well() -> bool:
        return selectors.status(environment()).good

    wait_for(well, "all to be well")
    found = selectors.status(environment())
    kept = Backup.objects.filter(environment=environment())
    size = bytes_text(sum(backup.stored_size for backup in kept))
    runs = Run.objects.filter(environment=environment()).count()
    held = f"{kept.count()} backups in {size}, {runs} runs, no live incident"
    return Line(found.good, f"{found.health}, release {found.release}; {held}.")
