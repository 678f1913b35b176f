"""What building images needs in the tests: a repository whose tags build without a network, and images of one's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from demo import catalogue
from deployments.sources.git import Repository
from tests.factories import make_repository
from tests.machine.engine import IMAGE
from tests.places import DockerPlace, Place, ProcessPlace

DOCKERFILE = "docker/Dockerfile.fullstack"


def dockerfile(version: str, *more: str) -> str:
    """The release laid over its own image, where everything it needs is installed; `more` are lines of its own."""
    lines = [f"FROM {IMAGE}:{version}", "USER root", *more, "COPY . /app/", "USER appuser"]
    return "\n".join(lines) + "\n"


def tree(version: str, files: Mapping[str, str] | None = None) -> dict[str, str]:
    """The files of a release of the demo SMS that builds without a network."""
    found = {path: content.decode() for path, content in catalogue.tree(version).items()}
    return {**found, DOCKERFILE: dockerfile(version), **(files or {})}


@contextlib.contextmanager
def builder(place: Place) -> Iterator[None]:
    """Let the place have no images but those built here, and remove them at the end."""
    before = (place.environment.image, place.environment.releases_path)
    if isinstance(place, ProcessPlace):
        place.environment.releases_path = str(place.env_file.with_name("own-releases"))
        Path(place.environment.releases_path).mkdir()
    else:
        place.environment.image = f"smsops-tests/{place.name}"
    place.environment.save()
    place.environment.releases.all().delete()
    try:
        yield
    finally:
        Place.clear(place)
        if isinstance(place, DockerPlace):
            for image in place.runtime.images():
                place.client.images.remove(f"{place.environment.image}:{image.version}")
        place.environment.image, place.environment.releases_path = before


def repository_of(place: Place, folder: Path, tags: Mapping[str, Mapping[str, str]]) -> None:
    """Give the place a repository with these releases."""
    place.environment.source_path = str(
        make_repository(folder, {f"v{version}": files for version, files in tags.items()})
    )
    place.environment.save()


def unpacked(place: Place, version: str, folder: Path) -> Path:
    """The release's tree in a folder, ready to be built."""
    files = tree(version, {"PLACE": place.name})  # else two tests at once would share the image
    repository = make_repository(folder.with_name(f"{folder.name}.git"), {f"v{version}": files})
    (tag,) = Repository(str(repository)).tags()
    Repository(str(repository)).unpack(tag, folder)
    return folder
