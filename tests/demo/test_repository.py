"""The git repository of the releases."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo import catalogue, images
from demo.repository import NotOursError, build, git


def test_every_release_is_an_annotated_tag_on_a_commit_of_its_own(repository: Path) -> None:
    listed = git(repository, "for-each-ref", "--format=%(objecttype) %(*objectname)", "refs/tags").split("\n")
    kinds, commits = zip(*(line.split() for line in listed if line), strict=True)
    assert set(kinds) == {"tag"}
    assert len(set(commits)) == len(catalogue.releases()) == 13


def test_versions_are_sorted_as_numbers(repository: Path) -> None:
    assert images.versions(repository)[-2:] == ["1.20.9", "1.20.10"]


@pytest.mark.parametrize("version", catalogue.releases())
def test_version_and_changelog_are_right_in_every_tag(repository: Path, version: str) -> None:
    assert git(repository, "show", f"v{version}:VERSION") == f"{version}\n"
    changelog = git(repository, "show", f"v{version}:CHANGELOG.md")
    found = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert found[0] == version
    assert found == sorted(found, key=catalogue.number, reverse=True)


def test_breaking_changes_are_marked(repository: Path) -> None:
    sections = git(repository, "show", "v1.19.0:CHANGELOG.md").split("\n## ")[1:]
    marked = {section[1:7]: section.split("### ⚠️ BREAKING CHANGES")[1][:12].strip() for section in sections}
    assert marked["1.18.1"].startswith("- None")
    assert marked["1.19.0"].startswith("- The")


def test_broken_releases_stand_on_1_19_0(repository: Path) -> None:
    base = git(repository, "rev-parse", "v1.19.0^{commit}")
    for number in range(1, 11):
        assert git(repository, "rev-parse", f"v1.20.{number}^") == base
    assert git(repository, "rev-parse", "HEAD") == base


def test_the_commits_are_the_same_everywhere(repository: Path, tmp_path: Path) -> None:
    tags, built = build(tmp_path / "again")
    assert built
    assert tags == build(repository)[0]


def test_a_good_repository_is_left_alone(repository: Path) -> None:
    stamp = (repository / ".git" / "HEAD").stat().st_ino
    assert build(repository)[1] is False
    assert (repository / ".git" / "HEAD").stat().st_ino == stamp


def test_a_repository_that_lost_a_tag_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "sms"
    tags, _ = build(folder)
    git(folder, "tag", "--delete", "v1.18.1")
    assert build(folder) == (tags, True)


def test_what_a_killed_run_left_behind_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".sms.building" / ".git").mkdir(parents=True)
    build(tmp_path / "sms")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".sms.lock", "sms"]


def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all there is")
    with pytest.raises(NotOursError, match="not empty"):
        build(tmp_path)
    command = [sys.executable, "-m", "demo.repository", str(tmp_path)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 2


def test_no_release_carries_what_running_it_leaves_behind() -> None:
    for version in catalogue.releases():
        paths = list(catalogue.tree(version))
        assert not [path for path in paths if "cache/" in path or path.endswith((".pyc", ".log", ".db"))]
        assert "release.json" not in paths


def test_every_release_says_whether_it_is_good() -> None:
    kinds = {version: release.kind for version, release in catalogue.releases().items()}
    assert {version for version, kind in kinds.items() if kind == "good"} == {"1.18.0", "1.18.1", "1.19.0"}
    assert set(kinds.values()) == {"good", "broken"}


def test_requirements_in_the_image_are_those_of_the_demo() -> None:
    outside = (catalogue.HERE / "requirements.txt").read_bytes()
    assert {catalogue.tree(version)["requirements.txt"] for version in catalogue.releases()} == {outside}


def test_overlays_hold_only_known_fields() -> None:
    overlays = list(catalogue.OVERLAYS.glob("*/release.json"))
    assert overlays
    for file in overlays:
        fields = json.loads(file.read_text())
        assert set(fields) == {"version", "parent", "date", "kind", "title", "changelog", "remove"}
        assert fields["version"] == file.parent.name
