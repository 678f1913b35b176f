"""Rehearsing a deploy on a copy of the newest verified backup, before anybody is asked to press the button (D10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from backups import selectors as backup_selectors
from backups.services import databases
from deployments import selectors
from deployments.models import Release
from deployments.sources.migrations import Migrations
from deployments.steps import schema
from deployments.strategies.path import Path, path
from smsops.errors import WrongUse
from smsops.models import ACTIVE, Run, RunState
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.text import age_text

KIND = "rehearsal"
FRESH = timedelta(hours=24)  # how long a rehearsal speaks for a release
NOTHING_CROSSED = "No migration is crossed; going back is a matter of the release alone."


def plan(release: Release) -> Plan:
    """What rehearsing this release would do. WrongUse when it has no image or there is no good backup."""
    environment = release.environment
    if not release.image_id:
        raise WrongUse(f"Release {release.version} has no image here.", fix="Build or load it, then import again.")
    backup = backup_selectors.latest_good(environment)
    if backup is None:
        raise WrongUse(f"{environment.name} has no good backup to rehearse on; take one first.")
    way = _way(release, [name for name in backup.schema_revision.split(",") if name])
    kinds = ["test.unpack", "sandbox.start", "rehearsal.upgrade", "sandbox.gate"]
    kinds += [step.kind for step in validation_steps(environment)]
    kinds += ["rehearsal.compare", "rehearsal.stop", "rehearsal.back", "rehearsal.conclude"]
    kinds += [*databases.trial_end(environment), "sandbox.remove"]
    return Plan(
        kind=KIND,
        title=f"Rehearse {release.version} at {environment.name}",
        environment=environment,
        steps=tuple(PlannedStep(kind) for kind in kinds),
        params={"backup": backup.pk, "schema_revision": backup.schema_revision, "heads": release.heads}
        | _params(release, way),
        exclusive=False,
        notes=(
            f"{release.version} upgrades a copy of {backup.identifier} and runs on it, beside the real SMS, which is "
            "not touched; then the way back is tried on the copy.",
            "It is cut off from other networks where the engine can do that, and goes away at the end.",
        ),
    )


def start(release: Release, by: By) -> Run:
    """Queue it."""
    return submit(plan(release), by)


def newest(release: Release) -> Run | None:
    """The newest rehearsal of this release that has ended, however it ended, whatever image it had then."""
    return _runs(release).filter(finished_at__isnull=False).order_by("-finished_at").first()


def under_way(release: Release) -> Run | None:
    """The one that goes on, if any."""
    return _runs(release).filter(state__in=ACTIVE).first()


def outdated(release: Release, run: Run) -> str:
    """Why a rehearsal does not speak for the release any more, in a sentence: one begun now would have something else
    to begin with. Empty where it still does."""
    age = timezone.now() - run.finished_at if run.finished_at else FRESH
    if run.params.get("image_id") != release.image_id:
        return f"{release.version} has another image since."
    if age > FRESH:
        return f"The rehearsal is from {age_text(age)}."
    since = release.environment.runs.filter(state=RunState.SUCCEEDED, finished_at__gt=run.finished_at)
    moved = Q(kind="restore") | Q(kind="rollback", params__strategy__in=["schema", "restore"])
    if (other := since.filter(moved).first()) is not None:
        return f"The data was replaced since, by “{other.title}” (run {other.pk})."
    if since.filter(kind="deploy", params__image_id=release.image_id).exists():
        return ""  # what was rehearsed has been done
    backup = backup_selectors.latest_good(release.environment)
    was = run.params.get("schema_revision", "")
    if was and backup is not None and backup.schema_revision != was:
        return f"The data has another schema since ({backup.schema_revision or 'none'}; then {was})."
    return ""


def failed(release: Release, run: Run) -> bool:
    """Whether a rehearsal that has ended went wrong with the image the release has now."""
    return run.state != RunState.SUCCEEDED and run.params.get("image_id") == release.image_id


def verdict(release: Release) -> tuple[bool, str]:
    """Whether a rehearsal speaks for this release, and a sentence that says so or why not."""
    run = newest(release)
    if run is None or run.finished_at is None:
        return False, f"{release.version} was not rehearsed."
    age = timezone.now() - run.finished_at
    if failed(release, run):
        return False, f"The rehearsal {age_text(age)} failed: {run.cause or run.headline}"
    if why := outdated(release, run):
        return False, f"{why} Rehearse it again."
    return True, f"Rehearsed {age_text(age)}: {run.headline}"


def _runs(release: Release) -> QuerySet[Run]:
    return Run.objects.filter(environment=release.environment, kind=KIND, params__release=release.pk)


def _way(release: Release, at: list[str]) -> Path:
    """From the release's schema back to that of a database which is `at` these revisions now."""
    graph = selectors.migrations_of(release)
    before = Migrations({name: graph.revisions[name] for name in graph.below(at)})
    return path(graph, graph.heads, before)


def _params(release: Release, way: Path) -> dict[str, Any]:
    going = schema.params_of(way) if way.crossed and way.open else {"aim": [], "drops": []}
    said = NOTHING_CROSSED if not way.crossed else f"{', '.join(way.closed) or 'The schema'} has no way back."
    images = {"image_id": release.image_id, "newer_image_id": release.image_id}
    return {"release": release.pk, "version": release.version, "way_back": said, **images, **going}
