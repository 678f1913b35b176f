"""The releases of the demo SMS: what each is called, where it comes from, and the files it consists of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST_TREE = HERE / "sms"
OVERLAYS = HERE / "releases"
# Left behind by running a tree in place, and by tools (folders with a dot): never part of a release.
LEFT_BEHIND = {"__pycache__", "data", "logs", "backups"}
HEADING = re.compile(r"^## \[(?P<version>[\d.]+)\] - (?P<date>\S+)$", re.MULTILINE)

Tree = dict[str, bytes]


@dataclass(frozen=True)
class Release:
    """One version. `parent` is the release its files are laid over; the oldest has none."""

    version: str
    parent: str | None
    date: str
    kind: str
    title: str
    changelog: str = ""
    remove: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """Its name in git."""
        return f"v{self.version}"

    @property
    def section(self) -> str:
        """Its part of CHANGELOG.md."""
        return f"## [{self.version}] - {self.date}\n\n{self.changelog}\n\n"


def number(version: str) -> tuple[int, ...]:
    """For sorting: 1.20.10 comes after 1.20.9."""
    return tuple(int(part) for part in version.removeprefix("v").split("."))


@cache
def releases() -> dict[str, Release]:
    """All of them by version, in numeric order, so a parent comes before its children."""
    heading = HEADING.search((OLDEST_TREE / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert heading is not None, "the oldest release has a heading in its CHANGELOG.md"
    found = [Release(heading["version"], None, heading["date"], "good", "The school in one page")]
    for file in OVERLAYS.glob("*/release.json"):
        fields = json.loads(file.read_text(encoding="utf-8"))
        found.append(Release(**{**fields, "remove": tuple(fields["remove"])}))
    return {release.version: release for release in sorted(found, key=lambda each: number(each.version))}


@cache
def tree(version: str) -> Tree:
    """The files of a release, path to content: those of its parent, minus the removed, plus its own."""
    release = releases()[version]
    if release.parent is None:
        return dict(_files(OLDEST_TREE))
    files = {path: content for path, content in tree(release.parent).items() if path not in release.remove}
    files.update(_files(OVERLAYS / version))
    del files["release.json"]
    files["VERSION"] = f"{version}\n".encode()
    older = files["CHANGELOG.md"].decode()
    files["CHANGELOG.md"] = older.replace("## [", f"{release.section}## [", 1).encode()
    return files


def write(version: str, folder: Path) -> Path:
    """Put the files of a release into a folder and return it."""
    for path, content in tree(version).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        strange = [part for part in path.parts[:-1] if part in LEFT_BEHIND or part.startswith(".")]
        if file.is_file() and not strange:
            yield path.as_posix(), file.read_bytes()
