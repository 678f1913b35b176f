"""What only the Docker runtime promises of images: builds that can be ended, and tars that take nobody's tag."""

from __future__ import annotations

import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from smsops.errors import OpsError, RuntimeUnavailable
from tests.builds import DOCKERFILE, builder, dockerfile, unpacked
from tests.places import DockerPlace, free_port, wait_for
from tests.runtimes.acts import GOOD, image_id

pytestmark = pytest.mark.docker
TAG = "smsops-run-7"


@pytest.fixture
def place(docker_place: DockerPlace) -> Iterator[DockerPlace]:
    with builder(docker_place):
        yield docker_place


def source(place: DockerPlace, tmp_path: Path, *more: str) -> Path:
    """A release whose Dockerfile has these lines of its own."""
    folder = unpacked(place, GOOD, tmp_path / "source")
    (folder / DOCKERFILE).write_text(dockerfile(GOOD, *more))
    return folder


def sleepers(place: DockerPlace, marker: str) -> list[Any]:
    there = place.client.containers.list(ignore_removed=True)
    return [each for each in there if marker in str(each.attrs["Config"]["Cmd"])]


def saved(place: DockerPlace, tmp_path: Path, *names: str) -> Path:
    """What `docker save` writes of these images."""
    file = tmp_path / "image.tar"
    subprocess.run(["docker", "save", "--output", str(file), *names], check=True)
    return file


def test_what_is_built_carries_the_runs_labels(place: DockerPlace, tmp_path: Path) -> None:
    list(place.runtime.build(source(place, tmp_path), TAG, {"smsops.run": "7"}))
    labels = place.client.images.get(image_id(place, TAG)).labels
    assert labels["smsops.run"] == "7"


def test_a_build_that_fails_tells_the_engines_complaint_after_its_log(place: DockerPlace, tmp_path: Path) -> None:
    build = place.runtime.build(source(place, tmp_path, "RUN echo no such package; exit 3"), TAG, {})
    said = list[str]()
    with pytest.raises(OpsError, match="returned a non-zero code: 3"):
        for line in build:
            said.append(line)
    assert "no such package" in said
    assert place.runtime.image(TAG) is None


def test_a_silent_build_says_nothing_every_moment_and_ends_when_nobody_listens(
    place: DockerPlace, tmp_path: Path
) -> None:
    marker = f"echo {place.name}; sleep 300"
    build = place.runtime.build(source(place, tmp_path, f"RUN {marker}"), TAG, {})
    wait_for(lambda: next(build) is not None and sleepers(place, marker), "the build to sleep")
    began = time.monotonic()
    while next(build):
        assert time.monotonic() - began < 30
    build.close()
    wait_for(lambda: not sleepers(place, marker), "the engine to end the build")
    assert place.runtime.image(TAG) is None


def test_an_image_is_loaded_under_the_one_tag_and_keeps_its_id(place: DockerPlace, tmp_path: Path) -> None:
    list(place.runtime.build(source(place, tmp_path), GOOD, {}))
    was = image_id(place)
    file = saved(place, tmp_path, f"{place.environment.image}:{GOOD}")
    place.runtime.remove_image(GOOD)
    list(place.runtime.load(file, TAG))
    assert [(image.version, image.id) for image in place.runtime.images()] == [(TAG, was)]


def test_a_loaded_image_does_not_take_the_tag_it_brings(place: DockerPlace, tmp_path: Path) -> None:
    list(place.runtime.build(source(place, tmp_path), GOOD, {}))
    file = saved(place, tmp_path, f"{place.environment.image}:{GOOD}")
    place.runtime.remove_image(GOOD)
    list(place.runtime.build(source(place, tmp_path / "other", "RUN true"), GOOD, {"another": "one"}))
    before = image_id(place)
    list(place.runtime.load(file, TAG))
    assert image_id(place) == before != image_id(place, TAG)


def test_a_packed_tar_is_loaded_too(place: DockerPlace, tmp_path: Path) -> None:
    list(place.runtime.build(source(place, tmp_path), GOOD, {}))
    plain, packed = saved(place, tmp_path, f"{place.environment.image}:{GOOD}"), tmp_path / "image.tar.gz"
    with tarfile.open(plain) as tar, tarfile.open(packed, "w:gz", compresslevel=1) as out:
        for member in tar:
            out.addfile(member, tar.extractfile(member) if member.isfile() else None)
    list(place.runtime.load(packed, TAG))
    assert image_id(place, TAG) == image_id(place)


@pytest.mark.parametrize("damage", ["cut", "no manifest", "two images"])
def test_a_tar_that_is_not_one_image_is_refused(place: DockerPlace, tmp_path: Path, damage: str) -> None:
    list(place.runtime.build(source(place, tmp_path), GOOD, {}))
    names = [f"{place.environment.image}:{GOOD}"] + (["smsops-tests/sms-fullstack:1.19.0"] if "two" in damage else [])
    file = saved(place, tmp_path, *names)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif damage == "no manifest":
        with tarfile.open(file, "w"):
            pass
    with pytest.raises(OpsError, match=r"not a whole tar|manifest\.json|holds 2 images"):
        list(place.runtime.load(file, TAG))
    assert place.runtime.image(TAG) is None


def test_an_engine_that_is_away_is_said_to_be(
    place: DockerPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = source(place, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
        with pytest.raises(RuntimeUnavailable):
            list(place.runtime.build(folder, TAG, {}))
