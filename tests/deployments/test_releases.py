"""Importing releases: tags and images become rows, and nothing odd gets lost without a word."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from deployments.models import Release
from deployments.services import releases
from deployments.sources import changelog
from deployments.sources.git import Repository, Tag
from smsops.errors import OpsError
from smsops.models import Environment
from tests.factories import (
    git,
    make_environment,
    make_instance,
    make_release,
    make_repository,
)
from tests.places import Place

pytestmark = pytest.mark.django_db

CHANGELOG = """# Changelog

## [1.18.1] - 2026-10-06

### ⚠️ BREAKING CHANGES

- The schema moves.

## [1.18.0] - 2026-09-01

- First.
"""


def tree(version: str, **more: str) -> dict[str, str]:
    """The files of a release; `more` are others, by path."""
    base = {"VERSION": f"{version}\n", "CHANGELOG.md": CHANGELOG, "backend/entrypoint.py": f"# {version}\n"}
    return {**base, "backend/migrations/versions/a.py": "revision = 'a'\ndown_revision = None\n", **more}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "source", {"v1.18.0": tree("1.18.0"), "v1.18.1": tree("1.18.1")})


@pytest.fixture
def environment(source: Path) -> Environment:
    return make_environment(source_path=str(source))


def imported(environment: Environment, version: str) -> Release:
    releases.import_all(environment)
    return Release.objects.get(environment=environment, version=version)


def rows() -> list[Any]:
    return list(Release.objects.order_by("pk").values())


def test_every_tag_that_is_a_version_becomes_a_release(environment: Environment) -> None:
    found, oddities = releases.import_all(environment)
    assert [release.version for release in found] == ["1.18.1", "1.18.0"]
    assert oddities == []


def test_a_release_knows_where_it_comes_from_and_what_it_brings(environment: Environment, source: Path) -> None:
    release = imported(environment, "1.18.1")
    assert (release.git_ref, release.commit) == ("v1.18.1", git(source, "rev-parse", "v1.18.1").strip())
    assert (release.released_on, release.breaking) == (date(2026, 10, 6), "- The schema moves.")
    assert (release.heads, release.revisions, release.notes) == ("a", ["a"], "")


def test_a_release_knows_when_its_commit_was_made(environment: Environment, source: Path) -> None:
    git(source, "tag", "--annotate", "--message", "later", "v1.18.2", "v1.18.1")
    wanted = datetime.fromisoformat(git(source, "log", "-1", "--format=%cI", "v1.18.1").strip())
    releases.import_all(environment)
    found = Release.objects.filter(environment=environment).values_list("version", "committed_at")
    assert {version: made == wanted for version, made in found if version != "1.18.0"} == {
        "1.18.1": True,
        "1.18.2": True,
    }


def test_a_release_is_tied_to_its_exact_tree(environment: Environment, source: Path) -> None:
    release = imported(environment, "1.18.0")
    assert release.image_id == f"tree:{git(source, 'rev-parse', 'v1.18.0^{tree}').strip()}"
    assert (Path(environment.releases_path) / "1.18.0" / "backend" / "entrypoint.py").read_text() == "# 1.18.0\n"


def test_importing_again_changes_nothing(environment: Environment) -> None:
    releases.import_all(environment)
    folder = Path(environment.releases_path) / "1.18.0"
    before, inode = rows(), folder.stat().st_ino
    releases.import_all(environment)
    assert rows() == before
    assert folder.stat().st_ino == inode


def test_a_new_tag_is_added_and_the_others_stay(environment: Environment, source: Path) -> None:
    releases.import_all(environment)
    before = rows()
    make_repository(source, {"v1.19.0": tree("1.19.0")})
    found, _ = releases.import_all(environment)
    assert len(found) == 3
    assert rows()[:2] == before


def test_a_tag_that_was_moved_is_another_image_of_the_same_release(environment: Environment, source: Path) -> None:
    before = imported(environment, "1.18.1")
    git(source, "tag", "--delete", "v1.18.1")
    make_repository(source, {"v1.18.1": tree("1.18.1", **{"backend/new.py": "new\n"})})
    after = imported(environment, "1.18.1")
    assert after.pk == before.pk
    assert after.image_id != before.image_id
    assert (Path(environment.releases_path) / "1.18.1" / "backend" / "new.py").exists()


def test_the_folder_sms_was_started_from_is_never_unpacked_over(environment: Environment, source: Path) -> None:
    before = make_instance(environment, imported(environment, "1.18.1")).image_id
    git(source, "tag", "--delete", "v1.18.1")
    make_repository(source, {"v1.18.1": tree("1.18.1", **{"backend/new.py": "new\n"})})
    _, oddities = releases.import_all(environment)
    assert Release.objects.get(environment=environment, version="1.18.1").image_id == before
    assert not (Path(environment.releases_path) / "1.18.1" / "backend" / "new.py").exists()
    assert oddities == ["The tag v1.18.1 was moved, but SMS was started from the folder of 1.18.1, which stays."]


@pytest.mark.parametrize("name", ["$11.11.1", "latest", "v1.18.0-rc.1", "release/1.2.3"])
def test_an_odd_tag_is_passed_over_with_a_sentence(environment: Environment, source: Path, name: str) -> None:
    git(source, "tag", name)
    found, oddities = releases.import_all(environment)
    assert oddities == [f"The tag {name} is not a version number and was passed over."]
    assert len(found) == 2


def test_a_tag_without_the_v_is_a_release_too(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", {"1.8.6.2": tree("1.8.6.2\n\n")})
    release = imported(make_environment(source_path=str(source)), "1.8.6.2")
    assert "VERSION" not in release.notes


@pytest.mark.parametrize(
    ("files", "note"),
    [
        ({"VERSION": "1.17.9\n"}, "The file VERSION says “1.17.9”."),
        ({"VERSION": "$11.11.1\n"}, "The file VERSION says “$11.11.1”."),
        ({"VERSION": "\n"}, "The file VERSION says “nothing”."),
        ({"CHANGELOG.md": "# Changelog\n"}, "The CHANGELOG has no section for it."),
        ({"CHANGELOG.md": CHANGELOG + "## [1.18.0] - 2025-01-01\n"}, "The CHANGELOG has 2 sections for it"),
    ],
)
def test_what_is_odd_about_a_release_is_noted_on_it(tmp_path: Path, files: dict[str, str], note: str) -> None:
    source = make_repository(tmp_path / "source", {"v1.18.0": tree("1.18.0", **files)})
    assert note in imported(make_environment(source_path=str(source)), "1.18.0").notes


def test_the_migrations_of_the_newest_layout_are_found(tmp_path: Path) -> None:
    files = {"VERSION": "v1.18.25\n", "src/backend/migrations/versions/b.py": "revision = 'b'\ndown_revision = None\n"}
    source = make_repository(tmp_path / "source", {"v1.18.25": files})
    release = imported(make_environment(source_path=str(source)), "1.18.25")
    assert (release.heads, release.notes) == ("b", "The CHANGELOG has no section for it.")


def test_several_heads_are_all_kept(tmp_path: Path) -> None:
    other = {"backend/migrations/versions/b.py": "revision = 'b'\ndown_revision = None\n"}
    source = make_repository(tmp_path / "source", {"v1.18.0": tree("1.18.0", **other)})
    assert imported(make_environment(source_path=str(source)), "1.18.0").heads == "a,b"


def test_a_release_that_cannot_run_here_has_no_image(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", {"v1.0.0": {"VERSION": "1.0.0\n"}})
    release = imported(make_environment(source_path=str(source)), "1.0.0")
    assert not release.available


def test_an_image_that_is_gone_is_no_longer_shown(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", {"v1.0.0": tree("1.0.0")})
    environment = make_environment(source_path=str(source))
    assert imported(environment, "1.0.0").available
    git(source, "tag", "--delete", "v1.0.0")
    make_repository(source, {"v1.0.0": {"VERSION": "1.0.0\n"}})
    assert not imported(environment, "1.0.0").available


def test_without_a_repository_the_images_are_the_releases() -> None:
    environment = make_environment()
    for version in ("1.20.9", "1.20.10"):
        make_release(environment, version)
    Release.objects.all().delete()
    found, oddities = releases.import_all(environment)
    assert [release.version for release in found] == ["1.20.10", "1.20.9"]
    assert all(release.available for release in found)
    assert oddities == []


def test_an_image_whose_name_is_no_version_is_passed_over_with_a_sentence(environment: Environment) -> None:
    folder = Path(environment.releases_path) / "experiment" / "backend"
    folder.mkdir(parents=True)
    (folder / "entrypoint.py").write_text("")
    found, oddities = releases.import_all(environment)
    assert oddities == ["The image tag experiment is not a version number and was passed over."]
    assert len(found) == 2


def test_what_is_not_a_release_folder_is_ignored(environment: Environment) -> None:
    (Path(environment.releases_path) / "notes.txt").write_text("by hand")
    (Path(environment.releases_path) / "1.0.0").mkdir()
    assert releases.import_all(environment)[1] == []


def test_two_environments_import_apart(environment: Environment, source: Path) -> None:
    other = make_environment(source_path=str(source))
    releases.import_all(environment)
    assert not other.releases.exists()
    assert len(releases.import_all(other)[0]) == 2


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/proc"])
def test_a_source_that_is_no_repository_changes_nothing(environment: Environment, path: str) -> None:
    releases.import_all(environment)
    before = rows()
    environment.source_path = path
    with pytest.raises(OpsError, match=path):
        releases.import_all(environment)
    assert rows() == before


def test_a_folder_that_went_away_is_unpacked_again(environment: Environment) -> None:
    image_id = imported(environment, "1.18.0").image_id
    shutil.rmtree(Path(environment.releases_path) / "1.18.0")
    assert imported(environment, "1.18.0").image_id == image_id
    assert (Path(environment.releases_path) / "1.18.0" / "backend" / "entrypoint.py").exists()


def test_the_real_releases_are_all_there_and_can_run(process_place: Place) -> None:
    found = process_place.environment.releases
    assert list(found.values_list("version", flat=True)[:3]) == ["1.20.10", "1.20.9", "1.20.8"]
    assert not found.filter(image_id="").exists()
    assert not found.exclude(notes="").exists()
    assert "e82b46c1d7f0" in found.get(version="1.19.0").breaking
    assert found.get(version="1.18.1").breaking == ""
    assert not found.filter(heads="").exists()


def test_the_newest_section_of_a_long_changelog_is_found(tmp_path: Path) -> None:
    text = "# Changelog\n\n## [1.0.0] - 2026-10-06\n\n- New.\n\n" + "## [0.1.0]\n\n" + "- An old line of it.\n" * 15_000
    source = make_repository(tmp_path / "source", {"v1.0.0": {"CHANGELOG.md": text, "VERSION": "1.0.0\n"}})
    (release, *_), _ = releases.import_all(make_environment(source_path=str(source)))
    assert (release.changelog, release.notes) == ("- New.", "")


def test_an_image_that_went_away_is_missing_also_without_a_repository() -> None:
    environment = make_environment()
    release = make_release(environment, "1.18.0")
    Path(environment.releases_path, "1.18.0").rename(Path(environment.releases_path, ".gone"))
    releases.import_all(environment)
    assert not Release.objects.get(pk=release.pk).available


def test_importing_again_repairs_a_release_folder_as_its_error_says(tmp_path: Path) -> None:
    trees = {f"v{version}": {"VERSION": f"{version}\n", "backend/entrypoint.py": ""} for version in ("1.0.0", "1.1.0")}
    environment = make_environment(source_path=str(make_repository(tmp_path / "source", trees)))
    releases.import_all(environment)
    mark = Path(environment.releases_path, "1.1.0", ".smsops-release.json")
    mark.write_text("{")
    releases.import_all(environment)  # the error says: “Import it again.”
    assert "tree:" in mark.read_text()


def test_two_tags_of_one_version_are_one_release_and_the_other_is_told(environment: Environment, source: Path) -> None:
    git(source, "tag", "1.18.1", "v1.18.0")
    git(source, "tag", "v1.18.1.0", "v1.18.0")
    found, oddities = releases.import_all(environment)
    assert sorted(oddities) == [
        "The tag 1.18.1 is the same version as v1.18.1 and was passed over.",
        "The tag v1.18.1.0 is the same version as v1.18.1 and was passed over.",
    ]
    assert [(release.version, release.git_ref) for release in found] == [("1.18.1", "v1.18.1"), ("1.18.0", "v1.18.0")]


def test_a_long_changelog_is_gone_through_once_for_all_tags_that_share_it(tmp_path: Path) -> None:
    text = "# Changelog\n\n" + "".join(f"## [1.{n}.0]\n\n" + "- A line of it.\n" * 600 for n in range(40, 0, -1))
    files = {"CHANGELOG.md": text, "backend/entrypoint.py": ""}
    tags = {f"v1.{n}.0": {**files, "VERSION": f"1.{n}.0"} for n in range(1, 6)}
    changelog.sections.cache_clear()
    releases.import_all(make_environment(source_path=str(make_repository(tmp_path / "source", tags))))
    assert len(text) > 300_000
    assert (changelog.sections.cache_info().misses, changelog.sections.cache_info().hits) == (1, 4)


def test_a_repository_that_goes_away_while_it_is_read_changes_nothing(
    environment: Environment, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases.import_all(environment)
    before = rows()
    whole = Repository.file

    def last_file(self: Repository, tag: Tag, path: str) -> str:
        text = whole(self, tag, path)
        shutil.rmtree(source, ignore_errors=True)
        return text

    monkeypatch.setattr(Repository, "file", last_file)
    with pytest.raises(OpsError, match=f"{source} is not a git repository"):
        releases.import_all(environment)
    assert rows() == before


def test_tags_smsops_gave_to_images_are_no_oddities(environment: Environment) -> None:
    for name in ("smsops-run-7", "1.18.0-before-run-7"):
        make_release(environment, name, order="")
    Release.objects.all().delete()
    found, oddities = releases.import_all(environment)
    assert [release.version for release in found] == ["1.18.1", "1.18.0"]
    assert oddities == []
