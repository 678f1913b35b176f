"""Releases of an environment: imported from its repository's tags, tied to exact images (D1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deployments import versions
from deployments.models import Release
from deployments.sources import changelog, migrations
from deployments.sources.git import Repository, Tag
from deployments.sources.migrations import Migrations
from smsops.models import Environment, RuntimeKind
from smsops.runtimes import release_folders
from smsops.runtimes.base import Image, Runtime
from smsops.runtimes.registry import runtime_for

MIGRATIONS = ("backend/migrations/versions", "src/backend/migrations/versions")  # by era (sms-contract)


def import_all(environment: Environment) -> tuple[list[Release], list[str]]:
    """Bring the environment's releases up to date with its repository's tags and its runtime's images.

    Returns the releases, newest first, and one sentence for every tag or image that is no release. Importing again
    changes only what changed. Without a repository the images alone are the releases.
    """
    runtime = runtime_for(environment)
    oddities: list[str] = []
    if environment.source_path:
        repository = Repository(environment.source_path)
        for tag in repository.tags():
            oddities += _import_tag(environment, runtime, repository, tag)
    for image in runtime.images():
        oddities += _import_image(environment, runtime, image)
    _forget_images(environment, runtime)
    return list(Release.objects.filter(environment=environment)), oddities


def _import_tag(environment: Environment, runtime: Runtime, repository: Repository, tag: Tag) -> list[str]:
    if versions.parse(tag.name) is None:
        return [f"The tag {tag.name} is not a version number and was passed over."]
    version, notes = versions.normal(tag.name), []
    stated = repository.file(tag, "VERSION")
    if versions.parse(stated) != versions.parse(version):
        notes.append(f"The file VERSION says “{stated.strip() or 'nothing'}”.")
    entry = changelog.section(repository.file(tag, "CHANGELOG.md"), version)
    if entry is None:
        notes.append("The CHANGELOG has no section for it.")
    elif entry.headings > 1:
        notes.append(f"The CHANGELOG has {entry.headings} sections for it; the first one is shown.")
    if environment.runtime == RuntimeKind.PROCESS:
        _unpack(environment, repository, tag, version)
    image = runtime.image(version)
    _save(
        environment,
        version,
        image,
        git_ref=tag.name,
        commit=tag.commit,
        committed_at=tag.committed_at,
        released_on=entry.released_on if entry else None,
        changelog=entry.text if entry else "",
        breaking=entry.breaking if entry else "",
        notes=" ".join(notes),
        **_migrations(migrations.from_source(_version_files(repository, tag))),
    )
    return []


def _version_files(repository: Repository, tag: Tag) -> Iterator[str]:
    for folder in MIGRATIONS:
        for path in repository.files(tag, folder):
            if path.endswith(".py"):
                yield repository.file(tag, path)


def _migrations(found: Migrations) -> dict[str, object]:
    return {"heads": ",".join(found.heads), "revisions": sorted(found.revisions), "graph": migrations.dump(found)}


def _unpack(environment: Environment, repository: Repository, tag: Tag, version: str) -> None:
    """A native release is its unpacked tree; one that is there already, from the same tree, stays untouched."""
    folder = Path(environment.releases_path) / version
    if release_folders.marked(folder) != f"tree:{tag.tree}":
        repository.unpack(tag, folder)


def _import_image(environment: Environment, runtime: Runtime, image: Image) -> list[str]:
    if versions.parse(image.version) is None:
        return [f"The image tag {image.version} is not a version number and was passed over."]
    version = versions.normal(image.version)
    if not Release.objects.filter(environment=environment, version=version, image_id=image.id).exists():
        _save(environment, version, image, **_migrations(migrations.from_image(runtime, image.id)))
    return []


def _forget_images(environment: Environment, runtime: Runtime) -> None:
    """A release whose image went away is known, but cannot be deployed."""
    for release in Release.objects.filter(environment=environment).exclude(image_id=""):
        if runtime.image(release.image_id) is None:
            Release.objects.filter(pk=release.pk).update(image_id="")


def _save(environment: Environment, version: str, image: Image | None, **values: object) -> None:
    Release.objects.update_or_create(
        environment=environment,
        version=version,
        defaults={"order": versions.sort_key(version), "image_id": image.id if image else "", **values},
    )
