"""Releases built from their tags (D1): beside everything that is there, under a new tag, and never over an image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import selectors, tags
from deployments.models import Release
from deployments.services import builds, releases
from smsops.errors import WrongUse
from smsops.models import Run, RunState, StepState
from smsops.runs import cancel, growing
from smsops.runs.growing import GrowingOutput
from smsops.runs.plan import By
from tests.builds import DOCKERFILE, builder, dockerfile, repository_of, tree
from tests.factories import make_environment, make_release, make_repository
from tests.places import DockerPlace, Place, drive

BY = By(name="test", reason="the base image was mended")
GOOD = "1.18.1"


@pytest.fixture
def place(place: Place, tmp_path: Path) -> Iterator[Place]:
    """A place with a repository of two releases, and no image yet."""
    with builder(place):
        repository_of(place, tmp_path / "own.git", {"1.18.0": tree("1.18.0"), GOOD: tree(GOOD)})
        known(place)
        yield place


@pytest.fixture
def docker_place(docker_place: DockerPlace, tmp_path: Path) -> Iterator[DockerPlace]:
    """The same with Docker, for tests that write their own Dockerfile."""
    with builder(docker_place):
        yield docker_place


def known(place: Place) -> None:
    """Import the releases, without a folder that stands for an image."""
    releases.import_all(place.environment)
    for image in place.runtime.images():
        place.runtime.remove_image(image.version)
    Release.objects.filter(environment=place.environment).update(image_id="")


def release(place: Place, version: str = GOOD) -> Release:
    return selectors.find(place.environment, version)


def build(place: Place, version: str = GOOD, again: bool = False) -> Run:
    return drive(builds.build(release(place, version), BY, again))


def with_lines(place: Place, folder: Path, *lines: str) -> Run:
    """Queue the build of a release whose Dockerfile has these lines of its own."""
    repository_of(place, folder, {GOOD: tree(GOOD, {DOCKERFILE: dockerfile(GOOD, *lines)})})
    releases.import_all(place.environment)
    return builds.build(release(place), BY)


def test_a_release_is_built_from_its_tag_and_can_be_deployed(place: Place) -> None:
    run = build(place)
    assert run.state == RunState.SUCCEEDED, run.headline
    image = place.runtime.image(GOOD)
    assert image is not None
    assert release(place).image_id == image.id == run.facts["release.build"]["image_id"]
    assert place.deploy(GOOD).state == RunState.SUCCEEDED
    assert place.running_version() == GOOD


def test_only_the_image_with_its_version_is_left(place: Place) -> None:
    run = build(place)
    assert [image.version for image in place.runtime.images()] == [GOOD]
    assert not (Path(place.env_file).parent / "work" / f"run-{run.pk}").exists()


def test_what_the_release_knows_of_migrations_is_read(place: Place) -> None:
    Release.objects.filter(environment=place.environment).update(heads="", revisions=[], graph=[])
    build(place)
    assert release(place).heads == "merge_accounts_soft_delete"
    assert len(release(place).graph) == len(release(place).revisions) == 4


def test_the_repositorys_own_tree_is_only_read(place: Place) -> None:
    source = Path(place.environment.source_path)
    before = sorted((path, path.stat().st_mtime_ns) for path in source.rglob("*") if path.is_file())
    build(place, "1.18.0")
    assert sorted((path, path.stat().st_mtime_ns) for path in source.rglob("*") if path.is_file()) == before


def test_a_version_that_has_an_image_is_not_built_over_it(place: Place) -> None:
    build(place)
    before = place.runtime.image(GOOD)
    with pytest.raises(WrongUse, match=r"has an image already, which is not overwritten|is unpacked already"):
        builds.build(release(place), BY)
    assert place.runtime.image(GOOD) == before


def test_one_version_is_built_once_at_a_time(place: Place) -> None:
    first = builds.build(release(place), BY)
    with pytest.raises(WrongUse, match=rf"\(run {first.pk}\) is under way"):
        builds.build(release(place), BY)
    cancel.request(first, BY)


def test_two_versions_are_built_beside_each_other_and_beside_a_deploy(place: Place) -> None:
    runs = [builds.build(release(place, version), BY) for version in ("1.18.0", GOOD)]
    assert [run.exclusive for run in runs] == [False, False]
    assert [drive(run).state for run in runs] == [RunState.SUCCEEDED] * 2


@pytest.mark.docker
def test_built_again_the_old_image_stays_to_go_back_to(docker_place: DockerPlace, tmp_path: Path) -> None:
    place = docker_place
    drive(with_lines(place, tmp_path / "own.git"))
    place.deploy(GOOD)
    old = release(place).image_id
    run = build(place, again=True)
    assert run.state == RunState.SUCCEEDED, run.headline
    kept = release(place, tags.kept(GOOD, run.pk))
    assert kept.image_id == old != release(place).image_id
    place.deploy(GOOD)
    assert place.roll_back().params["image_id"] == old
    assert place.serving()


@pytest.mark.docker
def test_building_again_wants_a_reason(docker_place: DockerPlace, tmp_path: Path) -> None:
    drive(with_lines(docker_place, tmp_path / "own.git"))
    with pytest.raises(WrongUse, match="wants a reason"):
        builds.build(release(docker_place), By(name="test"), again=True)
    assert Run.objects.filter(kind="build").count() == 1


@pytest.mark.docker
def test_a_build_that_fails_says_why_and_leaves_no_image(docker_place: DockerPlace, tmp_path: Path) -> None:
    line = "RUN echo collecting; echo 'ERROR: No matching distribution found for fastapi==9'; exit 1"
    run = drive(with_lines(docker_place, tmp_path / "own.git", line))
    assert run.state in (RunState.SAFE, RunState.UNDONE)
    assert run.cause.startswith("ERROR: No matching distribution found for fastapi==9 (Step 3/9 : RUN echo")
    assert "collecting" in run.steps.get(kind="release.build").output
    assert docker_place.runtime.images() == []


@pytest.mark.docker
def test_its_log_grows_on_the_row_while_it_works_without_secrets(docker_place: DockerPlace, tmp_path: Path) -> None:
    secret = docker_place.environment.smoke_password
    line = f"RUN for i in 1 2 3 4 5 6 7 8; do echo line $i of {secret}; sleep 0.5; done"
    run, seen = with_lines(docker_place, tmp_path / "own.git", line), set[str]()
    original = GrowingOutput.write

    def write(self: GrowingOutput) -> None:
        original(self)
        step = run.steps.get(kind="release.build")
        assert step.state == StepState.RUNNING
        seen.add(step.output)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GrowingOutput, "write", write)
        patch.setattr(growing, "EVERY", 0.2)
        assert drive(run).state == RunState.SUCCEEDED
    assert len({text.count("line ") for text in seen}) >= 3
    assert not [text for text in seen if secret in text]


@pytest.mark.docker
def test_a_cancelled_build_ends_at_once_and_leaves_nothing(docker_place: DockerPlace, tmp_path: Path) -> None:
    run = with_lines(docker_place, tmp_path / "own.git", f"RUN echo {docker_place.name}; sleep 120")
    original = GrowingOutput.beat

    def beat(self: GrowingOutput) -> bool:
        if docker_place.name in self.text and not Run.objects.get(pk=run.pk).cancel_requested:
            cancel.request(Run.objects.get(pk=run.pk), BY)
        return original(self)

    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GrowingOutput, "beat", beat)
        drive(run)
    assert run.state == RunState.CANCELLED, run.headline
    assert time.monotonic() - began < 60
    assert docker_place.runtime.images() == []


@pytest.mark.docker
@pytest.mark.parametrize("era", ["infra/docker/compose/Dockerfile.fullstack", ""])
def test_the_dockerfile_is_found_where_the_era_has_it(docker_place: DockerPlace, tmp_path: Path, era: str) -> None:
    files = tree(GOOD)
    text = files.pop(DOCKERFILE)
    repository_of(docker_place, tmp_path / "own.git", {GOOD: files | ({era: text} if era else {})})
    releases.import_all(docker_place.environment)
    run = build(docker_place)
    assert (run.state == RunState.SUCCEEDED) == bool(era)
    assert era or "it has neither docker/Dockerfile.fullstack nor infra/docker" in run.cause


@pytest.mark.django_db
def test_a_release_without_a_tag_or_a_repository_cannot_be_built(tmp_path: Path) -> None:
    environment = make_environment()
    with pytest.raises(WrongUse, match="known from its image alone"):
        builds.plan_build(make_release(environment, GOOD))


@pytest.mark.django_db
def test_a_tag_that_went_away_is_named_and_nothing_changes(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", {"v1.0.0": {"VERSION": "1.0.0\n"}})
    environment = make_environment(source_path=str(source))
    run = builds.build(make_release(environment, GOOD, installed=False, git_ref=f"v{GOOD}"), BY)
    assert drive(run).state == RunState.SAFE
    assert f"The tag v{GOOD} is not in {source} any more." in run.cause
