"""Images taken out of a tar (D1): under the version their tag tells, and never over one that is there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import selectors
from deployments.models import Release
from deployments.services import builds
from smsops.errors import OpsError, WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.builds import builder
from tests.factories import make_environment
from tests.machine.engine import IMAGE
from tests.places import DockerPlace, drive

BY = By(name="test", reason="it came by courier")


@pytest.fixture
def place(docker_place: DockerPlace) -> Iterator[DockerPlace]:
    with builder(docker_place):
        yield docker_place


@pytest.fixture(scope="session")
def tar(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.18.1 as “docker save” writes it, under another image's name."""
    file = tmp_path_factory.mktemp("saved") / "sms.tar"
    subprocess.run(["docker", "save", "--output", str(file), f"{IMAGE}:1.18.1"], check=True)
    return file


@pytest.mark.docker
def test_a_loaded_release_is_known_with_its_migrations_and_can_be_deployed(place: DockerPlace, tar: Path) -> None:
    run = drive(builds.load(place.environment, str(tar), BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    release = selectors.find(place.environment, "1.18.1")
    assert (release.heads, len(release.graph)) == ("merge_accounts_soft_delete", 4)
    assert [image.version for image in place.runtime.images()] == ["1.18.1"]
    assert place.deploy("1.18.1").state == RunState.SUCCEEDED


@pytest.mark.docker
def test_a_version_that_is_there_is_not_loaded_over(place: DockerPlace, tar: Path) -> None:
    place.client.images.get(f"{IMAGE}:1.18.0").tag(place.environment.image, "1.18.1")
    before = place.runtime.image("1.18.1")
    with pytest.raises(WrongUse, match="has an image already, which is not overwritten"):
        builds.load(place.environment, str(tar), BY)
    assert place.runtime.image("1.18.1") == before
    assert not Run.objects.filter(kind="load").exists()


@pytest.mark.docker
def test_an_image_that_got_the_version_meanwhile_stays_and_nothing_is_left(place: DockerPlace, tar: Path) -> None:
    run = builds.load(place.environment, str(tar), BY)
    place.client.images.get(f"{IMAGE}:1.18.0").tag(place.environment.image, "1.18.1")
    before = place.runtime.images()
    drive(run)
    assert run.state in (RunState.SAFE, RunState.UNDONE)
    assert "Meanwhile another image got the version 1.18.1; it is not overwritten." in run.cause
    assert place.runtime.images() == before
    assert not Release.objects.filter(environment=place.environment).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("file", ["/nowhere/sms.tar", "sms.tar", ""])
def test_a_file_that_is_not_there_is_said_to_be(file: str) -> None:
    environment = make_environment(runtime="docker")
    with pytest.raises(OpsError, match=r"cannot be read: No such file|Give the whole path"):
        builds.load(environment, file, BY)


@pytest.mark.django_db
def test_an_sms_that_runs_natively_takes_no_images() -> None:
    with pytest.raises(WrongUse, match="unpacked from their tags, not loaded"):
        builds.load(make_environment(), "/nowhere/sms.tar", BY)
