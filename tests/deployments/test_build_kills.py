"""kill -9 of the worker at every boundary of a build, and in the middle of it: one image, or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import selectors, tags
from deployments.models import Release
from deployments.services import builds, releases
from smsops.errors import OpsError
from smsops.models import RunState
from smsops.runs import executor
from smsops.runs.growing import GrowingOutput
from smsops.runs.plan import By
from tests.builds import DOCKERFILE, builder, dockerfile, repository_of, tree
from tests.kills import die, kill_at_every_boundary, killed
from tests.places import DockerPlace, Place, drive, wait_for

pytestmark = pytest.mark.docker
BY = By(name="test", reason="the base image was mended")
GOOD = "1.18.1"


@pytest.fixture
def place(docker_place: DockerPlace, tmp_path: Path) -> Iterator[DockerPlace]:
    """A place whose release builds quickly."""
    with builder(docker_place):
        offer(docker_place, tmp_path / "own.git")
        yield docker_place


def offer(place: Place, folder: Path, *lines: str) -> None:
    repository_of(place, folder, {GOOD: tree(GOOD, {DOCKERFILE: dockerfile(GOOD, *lines)})})
    releases.import_all(place.environment)


def release(place: Place, version: str = GOOD) -> Release:
    return selectors.find(place.environment, version)


def versions(place: Place) -> set[str]:
    return {image.version for image in place.runtime.images()}


def test_a_build_survives_a_kill_at_every_boundary(place: DockerPlace) -> None:
    run = builds.build(release(place), BY)
    deaths = kill_at_every_boundary(run, lambda: versions(place))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert versions(place) == {GOOD}
    assert {"release.build:intent", "release.build:acted", "release.build:found_done"} <= deaths.at
    assert release(place).image_id == run.facts["release.build"]["image_id"]
    assert len(deaths.at) >= 15


def test_a_build_over_a_version_survives_them_too_and_the_old_image_stays(place: DockerPlace) -> None:
    drive(builds.build(release(place), BY))
    old = release(place).image_id
    run = builds.build(release(place), BY, again=True)
    kill_at_every_boundary(run, lambda: None)
    kept = tags.kept(GOOD, run.pk)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert versions(place) == {GOOD, kept}
    assert release(place, kept).image_id == old != release(place).image_id


def test_a_build_over_a_version_that_fails_late_is_undone_through_every_kill(
    place: DockerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive(builds.build(release(place), BY))
    old = release(place).image_id
    monkeypatch.setattr("deployments.steps.publishing.Tidy.essential", True)
    monkeypatch.setattr("deployments.steps.publishing.Tidy.do", _refuse)
    run = builds.build(release(place), BY, again=True)
    deaths = kill_at_every_boundary(run, lambda: None)
    assert run.state in (RunState.SAFE, RunState.UNDONE)
    assert {"release.publish:undo_intent", "release.publish:undo acted", "release.publish:undone"} <= deaths.at
    assert versions(place) == {GOOD}
    assert (release(place).image_id, Release.objects.filter(environment=place.environment).count()) == (old, 1)


def _refuse(*_: object) -> None:
    raise OpsError("The folder cannot be cleared.")


def test_a_worker_killed_in_the_middle_ends_the_engines_build_and_the_next_one_builds(
    place: DockerPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(place, tmp_path / "slow.git", f"RUN echo {place.name}; test -e /data/never || sleep 8")
    run = builds.build(release(place), BY)
    with monkeypatch.context() as patch:
        patch.setattr(GrowingOutput, "beat", lambda self: place.name not in self.text.split("\n")[-1:] or die())
        killed(lambda: executor.drive(run.pk))
    wait_for(lambda: not _building(place), "the engine to give up")
    assert place.runtime.images() == []
    assert drive(run).state == RunState.SUCCEEDED, run.headline
    assert run.steps.get(kind="release.build").interruptions == 1
    assert versions(place) == {GOOD}


def _building(place: DockerPlace) -> bool:
    """Whether a container of the build still works."""
    there = place.client.containers.list(ignore_removed=True)
    return any(place.name in str(each.attrs["Config"]["Cmd"]) for each in there)
