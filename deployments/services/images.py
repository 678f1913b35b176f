"""Releases and the images they are started from: written down when an image is made, taken back when it is undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deployments import tags, versions
from deployments.models import Release
from deployments.sources import migrations
from deployments.sources.migrations import Migrations
from smsops.models import Environment

CHANGED = ("image_id", "heads", "revisions", "graph")
COPIED = ("order", "git_ref", "commit", "released_on", "changelog", "breaking", "heads", "revisions", "graph")


def known(environment: Environment, version: str) -> Release | None:
    """The release of exactly that version."""
    return Release.objects.filter(environment=environment, version=version).first()


def migrations_in(folder: Path) -> Migrations:
    """The migrations of an unpacked release; none where there is no such folder."""
    paths = [path for each in migrations.FOLDERS for path in sorted((folder / each).glob("*.py"))]
    return migrations.from_source(path.read_text(errors="replace") for path in paths)


def fields_of(found: Migrations) -> dict[str, Any]:
    """A release's columns about its migrations."""
    return {"heads": ",".join(found.heads), "revisions": sorted(found.revisions), "graph": migrations.dump(found)}


def state(environment: Environment, version: str) -> dict[str, Any] | None:
    """What `record` will change of the release, as JSON; None when nobody knows it yet."""
    found = known(environment, version)
    return None if found is None else {name: getattr(found, name) for name in CHANGED}


def record(
    environment: Environment, version: str, image_id: str, found: Migrations, again: tuple[int, str] | None
) -> None:
    """Tie the release to its image. `again` is the run that built it anew and the image before: that one stays a
    release of its own, which can be gone back to. Doing it twice is doing it once."""
    before = known(environment, version)
    if again is not None and before is not None and before.image_id != image_id:
        run, old = again
        copied = {name: getattr(before, name) for name in COPIED}
        notes = f"The image {version} had before run {run} made another one."
        _save(environment, tags.kept(version, run), {**copied, "image_id": old, "notes": notes})
    about = fields_of(found) if found.revisions else {}
    order = {"order": versions.sort_key(version)}
    _save(environment, version, {**order, **about, "image_id": image_id, "archived_at": None})


def forget(environment: Environment, version: str, run: int, before: dict[str, Any] | None) -> None:
    """Take back what `record` wrote; `before` is what `state` told then."""
    Release.objects.filter(environment=environment, version=tags.kept(version, run)).delete()
    mine = Release.objects.filter(environment=environment, version=version)
    if before is None:
        mine.delete()
    else:
        mine.update(**before)


def _save(environment: Environment, version: str, defaults: dict[str, Any]) -> None:
    Release.objects.update_or_create(environment=environment, version=version, defaults=defaults)
