"""Reads over releases."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from deployments import versions
from deployments.models import CheckResult, Release
from deployments.models.check import CheckVerdict
from deployments.sources import migrations
from deployments.sources.migrations import Migrations
from deployments.trail import Move, before, trail
from smsops.errors import WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runtimes.base import Instance

BEGINNING = Value(datetime(1970, 1, 1, tzinfo=UTC), DateTimeField())
MOVES = 200  # changes of release looked back at
WAYS_BACK = 3  # deploys whose backups stay, however old


def find(environment: Environment, version: str) -> Release:
    """The release of that version; WrongUse naming what is there when it is none of them."""
    wanted = versions.parse(version)
    for release in Release.objects.filter(environment=environment):
        if release.version == version or (wanted is not None and versions.parse(release.version) == wanted):
            return release
    known = ", ".join(Release.objects.filter(environment=environment).values_list("version", flat=True)[:8])
    raise WrongUse(f"{environment.name} has no release “{version}”; known are {known or 'none yet'}.")


def needed_backups(environment: Environment) -> dict[str, str]:
    """Backups the last deploys began with: the way back of whoever wants the data of before as well."""
    runs = Run.objects.filter(environment=environment, kind="deploy", state=RunState.SUCCEEDED)
    found = {}
    for run in runs.order_by("-finished_at")[:WAYS_BACK]:
        name = run.facts.get("backup.store", {}).get("identifier")
        if name:
            found[name] = f"before “{run.title}”"
    return found


def running_release(environment: Environment, running: Instance | None) -> Release | None:
    """Which release the running instance is, by its image id, never by what it says of itself."""
    if running is None:
        return None
    return Release.objects.filter(environment=environment, image_id=running.image_id).first()


def previous_release(environment: Environment, running: Instance | None) -> Release | None:
    """The release that ran, successfully, before the present one; none that was left by going back."""
    image_id = image_before(environment, running.image_id if running else "")
    return Release.objects.filter(environment=environment, image_id=image_id).first() if image_id else None


def image_before(environment: Environment, image: str) -> str:
    """Which image ran before that one, by the record alone; empty where none is known."""
    runs = Run.objects.filter(
        environment=environment, kind__in=("deploy", "rollback", "rebuild"), state=RunState.SUCCEEDED
    ).order_by("-finished_at")
    moves = [move for run in runs[:MOVES] if (move := _move(run)).reached]
    return before(image, trail(reversed(moves)))


def _move(run: Run) -> Move:
    built = run.facts.get("release.build", {}).get("image_id")
    reached = run.params.get("image_id") or built or ""
    return Move(run.params.get("old_image_id") or "", reached, run.kind == "rollback", run.kind == "rebuild")


def latest_checks() -> QuerySet[CheckResult]:
    """What each check said last at each environment, and since when it has been failing (`failing_since`, None where it
    is not). What was asked on a copy does not count."""
    here = CheckResult.objects.filter(environment=OuterRef("environment"), key=OuterRef("key"), on_copy=False)
    fails = here.filter(verdict=CheckVerdict.FAIL)
    good = here.exclude(verdict=CheckVerdict.FAIL).order_by("-at", "-pk").values("at")[:1]
    since = fails.filter(at__gt=Coalesce(OuterRef("last_good"), BEGINNING)).order_by("at").values("at")[:1]
    newest = CheckResult.objects.filter(pk=Subquery(here.order_by("-at", "-pk").values("pk")[:1]))
    return newest.annotate(last_good=Subquery(good)).annotate(failing_since=Subquery(since))


def migrations_of(release: Release) -> Migrations:
    """How the migrations a release knows build on each other; without that, its bare revisions have no way back."""
    return migrations.load(release.graph)
