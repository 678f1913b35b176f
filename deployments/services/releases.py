"""Releases of an environment: imported from its repository's tags, tied to exact images (D1)."""

from __future__ import annotations

from pathlib import Path

from deployments import tags, versions
from deployments.models import Release
from deployments.services import images
from deployments.sources import migrations, tagged
from deployments.sources.git import Repository
from deployments.sources.tagged import Tagged
from smsops.models import Environment, RuntimeKind
from smsops.runtimes import release_folders
from smsops.runtimes.base import Image, Runtime
from smsops.runtimes.registry import runtime_for


def import_all(environment: Environment) -> tuple[list[Release], list[str]]:
    """Bring the environment's releases up to date with its repository's tags and its runtime's images.

    Returns the releases, newest first, and one sentence for every tag or image that is no release. Importing again
    changes only what changed. Without a repository the images alone are the releases.
    """
    runtime = runtime_for(environment)
    oddities: list[str] = []
    if environment.source_path:
        repository = Repository(environment.source_path)
        tags_of, oddities = tagged.releases(repository.tags())
        read = [tagged.read(repository, tag) for tag in tags_of]
        repository.tags()  # one that went away meanwhile would have told of releases without any file
        for each in read:
            oddities += _import_tag(environment, runtime, repository, each)
    for image in runtime.images():
        oddities += _import_image(environment, runtime, image)
    _forget_images(environment, runtime)
    return list(Release.objects.filter(environment=environment)), oddities


def _import_tag(environment: Environment, runtime: Runtime, repository: Repository, found: Tagged) -> list[str]:
    oddities = []
    if environment.runtime == RuntimeKind.PROCESS and not _archived(environment, found.version):
        oddities = _unpack(environment, runtime, repository, found)
    _save(
        environment,
        found.version,
        runtime.image(found.version),
        git_ref=found.tag.name,
        commit=found.tag.commit,
        committed_at=found.tag.committed_at,
        released_on=found.released_on,
        changelog=found.changelog,
        breaking=found.breaking,
        notes=found.notes,
        **images.fields_of(found.migrations),
    )
    return oddities


def _archived(environment: Environment, version: str) -> bool:
    """Whether its folder was removed on purpose: then only a build brings it back."""
    return Release.objects.filter(environment=environment, version=version, archived_at__isnull=False).exists()


def _unpack(environment: Environment, runtime: Runtime, repository: Repository, found: Tagged) -> list[str]:
    """A native release is its unpacked tree; one that is there already, from the same tree, stays untouched, and so
    does one that SMS was started from."""
    folder, tag = Path(environment.releases_path) / found.version, found.tag
    there = release_folders.marked(folder)
    if there == f"tree:{tag.tree}":
        return []
    if there and any(each.image_id == there for each in runtime.instances()):
        return [f"The tag {tag.name} was moved, but SMS was started from the folder of {found.version}, which stays."]
    repository.unpack(tag, folder)
    return []


def _import_image(environment: Environment, runtime: Runtime, image: Image) -> list[str]:
    if tags.own(image.version):
        return []  # its release is written down by the run that gave the tag
    if versions.parse(image.version) is None:
        return [f"The image tag {image.version} is not a version number and was passed over."]
    version = versions.normal(image.version)
    if version != image.version and runtime.image(version) is not None:
        return []  # the tag of “v1.2.3” of an image whose version another one has
    if not Release.objects.filter(environment=environment, version=version, image_id=image.id).exists():
        _save(environment, version, image, **images.fields_of(migrations.from_image(runtime, image.id)))
    return []


def _forget_images(environment: Environment, runtime: Runtime) -> None:
    """A release whose image went away is known, but cannot be deployed."""
    for release in Release.objects.filter(environment=environment).exclude(image_id=""):
        if runtime.image(release.image_id) is None:
            Release.objects.filter(pk=release.pk).update(image_id="")


def _save(environment: Environment, version: str, image: Image | None, **values: object) -> None:
    if image is not None:
        values["archived_at"] = None
    Release.objects.update_or_create(
        environment=environment,
        version=version,
        defaults={"order": versions.sort_key(version), "image_id": image.id if image else "", **values},
    )
