"""Reads what a repository's tags say of the releases they stand for, and what is odd about them (contract §9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from deployments import versions
from deployments.sources import changelog, migrations
from deployments.sources.git import Repository, Tag
from deployments.sources.migrations import Migrations


@dataclass(frozen=True)
class Tagged:
    """One release as its tag has it; `notes` tell what is odd about it."""

    version: str
    tag: Tag
    released_on: date | None
    changelog: str
    breaking: str
    notes: str
    migrations: Migrations


def releases(tags: Sequence[Tag]) -> tuple[list[Tag], list[str]]:
    """The tags that stand for releases, one for each version, and one sentence for every other."""
    found: dict[tuple[int, ...], Tag] = {}
    oddities = []
    for tag in sorted(tags, key=lambda tag: (not tag.name.startswith("v"), len(tag.name), tag.name)):
        number = versions.parse(tag.name)
        if number is None:
            oddities.append(f"The tag {tag.name} is not a version number and was passed over.")
        elif number in found:
            oddities.append(f"The tag {tag.name} is the same version as {found[number].name} and was passed over.")
        else:
            found[number] = tag
    return list(found.values()), oddities


def read(repository: Repository, tag: Tag) -> Tagged:
    """What the tag says; a file it lacks is a note, not an error."""
    version, notes = versions.normal(tag.name), []
    stated = repository.file(tag, "VERSION")
    if versions.parse(stated) != versions.parse(version):
        notes.append(f"The file VERSION says “{stated.strip() or 'nothing'}”.")
    entry = changelog.section(repository.file(tag, "CHANGELOG.md"), version)
    if entry is None:
        notes.append("The CHANGELOG has no section for it.")
    elif entry.headings > 1:
        notes.append(f"The CHANGELOG has {entry.headings} sections for it; the first one is shown.")
    return Tagged(
        version,
        tag,
        entry.released_on if entry else None,
        entry.text if entry else "",
        entry.breaking if entry else "",
        " ".join(notes),
        migrations.from_source(_version_files(repository, tag)),
    )


def _version_files(repository: Repository, tag: Tag) -> Iterator[str]:
    for folder in migrations.FOLDERS:
        for path in repository.files(tag, folder):
            if path.endswith(".py"):
                yield repository.file(tag, path)
