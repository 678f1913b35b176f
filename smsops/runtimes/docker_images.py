"""The images of a Docker Engine: looked up, built, loaded, named, removed. Only tags of this SMS are touched."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound

from smsops.errors import NameTaken, OpsError
from smsops.runtimes import docker_archives as archives
from smsops.runtimes import docker_views as views
from smsops.runtimes.base import Image, RuntimeSpec
from smsops.runtimes.docker_errors import translated
from smsops.runtimes.docker_stream import Item, Talk, lines, listen

DOCKERFILES = ("docker/Dockerfile.fullstack", "infra/docker/compose/Dockerfile.fullstack")  # by era (sms-contract §6)

# What the engine says when an image of its cache, which a build had just chosen to stand on, was removed meanwhile.
LOST_PARENT, TRIES = "unknown parent image ID", 3
log = logging.getLogger(__name__)


class DockerImages:
    """The part of the driver that knows images."""

    spec: RuntimeSpec

    @property
    def client(self) -> docker.DockerClient:
        raise NotImplementedError

    def _named(self, version: str) -> str:
        return f"{self.spec.image}:{version}"

    @translated
    def image(self, reference: str) -> Image | None:
        name = reference if reference.startswith("sha256:") else self._named(reference)
        try:
            found = self.client.images.get(name)
        except ImageNotFound:
            return None
        except APIError as error:
            if error.status_code == 400:  # no tag can be called that
                return None
            raise
        version = "" if reference.startswith("sha256:") else reference
        return views.image(found.attrs, self.spec.image, version)

    @translated
    def images(self) -> list[Image]:
        found = self.client.images.list(name=self.spec.image)
        return [
            views.image(image.attrs, self.spec.image, tag.rpartition(":")[2])
            for image in found
            for tag in image.tags
            if tag.startswith(f"{self.spec.image}:")
        ]

    def build(self, folder: Path, tag: str, labels: Mapping[str, str], *, fresh: bool = False) -> Generator[str]:
        dockerfile = next((name for name in DOCKERFILES if (folder / name).is_file()), None)
        if dockerfile is None:
            raise OpsError(f"No image can be built of it: it has neither {' nor '.join(DOCKERFILES)}.")

        def ask(client: docker.APIClient, _: Talk) -> Iterator[Item]:
            # rm, forcerm: the containers a build makes on its way go, however it ends
            return client.build(path=str(folder), dockerfile=dockerfile, tag=self._named(tag), labels=dict(labels),
                                rm=True, forcerm=True, decode=True, nocache=fresh)  # fmt: skip

        for left in range(TRIES - 1, -1, -1):
            try:
                yield from lines(listen(self.spec.docker_host, ask))
                return
            except OpsError as error:
                if not left or LOST_PARENT not in error.message:
                    raise
            log.warning("the build of %s began anew: an image it stood on was removed meanwhile", self._named(tag))
            yield "An image it stood on was removed meanwhile: the build begins anew."

    def load(self, file: Path, tag: str) -> Generator[str]:
        archives.read(file)  # what is wrong with the file is said as such

        def ask(client: docker.APIClient, talk: Talk) -> Iterator[Item]:
            def guard() -> None:
                if talk.ended.is_set():
                    raise ConnectionAbortedError("nobody listens any more")

            pieces: Any = archives.retagged(file, self._named(tag), guard)  # its stubs know whole files only
            return client.load_image(pieces)  # type: ignore[no-any-return, no-untyped-call]

        yield from lines(listen(self.spec.docker_host, ask))

    @translated
    def name_image(self, image_id: str, version: str, instead_of: str = "") -> None:
        present = self.image(version)
        if present is not None and present.id == image_id:
            return
        if present is not None and present.id != instead_of:
            raise NameTaken(f"The image {self._named(version)} is there already; it is not overwritten.")
        self.client.api.tag(image_id, self.spec.image, version)

    @translated
    def remove_image(self, version: str) -> None:
        found = self.image(version)
        if found is None:
            return
        if len(self.client.images.get(found.id).tags) == 1:  # else only the name goes
            made = self.client.containers.list(all=True, filters={"ancestor": found.id}, sparse=True)
            names = [name.lstrip("/") for each in made if each.attrs["ImageID"] == found.id
                     for name in each.attrs["Names"]]  # fmt: skip
            if names:
                raise OpsError(f"The image {self._named(version)} stays: {', '.join(names)} was made from it.")
        with contextlib.suppress(ImageNotFound):
            self.client.images.remove(self._named(version))  # never by force
