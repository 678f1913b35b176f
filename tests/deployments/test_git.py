"""Reading releases out of a git repository: its tags and their files, and nothing of it is run."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from deployments.services import releases
from deployments.sources.git import Repository, Tag
from smsops.errors import OpsError
from tests.factories import (
    git,
    make_environment,
    make_repository,
)

FILES = {
    "VERSION": "1.18.0\n",
    "backend/main.py": "print('hello')\n",
    "backend/migrations/versions/a.py": "revision = 'a'\n",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A repository with one release."""
    return make_repository(tmp_path / "source", {"v1.18.0": FILES})


def the_tag(source: Path) -> Tag:
    (tag,) = Repository(str(source)).tags()
    return tag


def test_a_tag_stands_for_its_commit_and_tree(source: Path) -> None:
    tag = the_tag(source)
    assert tag.name == "v1.18.0"
    assert tag.commit == git(source, "rev-parse", "HEAD").strip()
    assert tag.tree == git(source, "rev-parse", "HEAD^{tree}").strip()


def test_an_annotated_tag_stands_for_the_same_commit(source: Path) -> None:
    git(source, "tag", "--annotate", "v1.18.1", "--message", "A release")
    old, new = sorted(Repository(str(source)).tags(), key=lambda tag: tag.name)
    assert (old.commit, old.tree) == (new.commit, new.tree)


def test_a_tag_on_something_else_than_a_commit_is_no_release(source: Path) -> None:
    git(source, "tag", "a-file", "HEAD:VERSION")
    assert the_tag(source).name == "v1.18.0"


@pytest.mark.parametrize("name", ["$11.11.1", "release/1.2.3", "ünïcode", "v1.18.0-rc.1", "<b>"])
def test_a_tag_may_have_an_odd_name(source: Path, name: str) -> None:
    git(source, "tag", name)
    assert name in {tag.name for tag in Repository(str(source)).tags()}


def test_a_repository_without_tags_has_no_releases(tmp_path: Path) -> None:
    assert Repository(str(make_repository(tmp_path / "empty", {}))).tags() == []


def test_a_bare_repository_is_one_too(source: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(source), str(tmp_path / "bare.git"))
    assert Repository(str(tmp_path / "bare.git")).file(the_tag(tmp_path / "bare.git"), "VERSION") == "1.18.0\n"


def test_a_file_is_read_as_it_was_at_the_tag(source: Path) -> None:
    (source / "VERSION").write_text("2.0.0\n")
    git(source, "commit", "--all", "--quiet", "--message", "Later")
    assert Repository(str(source)).file(the_tag(source), "VERSION") == "1.18.0\n"


def test_a_file_that_is_not_there_is_empty(source: Path) -> None:
    assert Repository(str(source)).file(the_tag(source), "CHANGELOG.md") == ""


def test_a_file_that_is_no_text_can_be_read_all_the_same(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "odd", {"v1.0.0": {"VERSION": "1.0.0\udcff\n"}})
    assert Repository(str(folder)).file(the_tag(folder), "VERSION").startswith("1.0.0")


def test_the_files_of_a_folder_are_listed(source: Path) -> None:
    found = Repository(str(source)).files(the_tag(source), "backend/migrations/versions")
    assert found == ["backend/migrations/versions/a.py"]


def test_a_folder_that_is_not_there_has_no_files(source: Path) -> None:
    assert Repository(str(source)).files(the_tag(source), "src/backend/migrations/versions") == []


def test_unpacking_writes_the_tree_and_its_mark(source: Path, tmp_path: Path) -> None:
    tag, folder = the_tag(source), tmp_path / "releases" / "1.18.0"
    Repository(str(source)).unpack(tag, folder)
    assert {path: (folder / path).read_text() for path in FILES} == FILES
    assert json.loads((folder / ".smsops-release.json").read_text()) == {"id": f"tree:{tag.tree}"}
    assert [path.name for path in folder.parent.iterdir()] == ["1.18.0"]


def test_unpacking_again_replaces_what_was_there(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "1.18.0"
    for path in (folder / "stale.py", tmp_path / ".1.18.0.part" / "half.py"):
        path.parent.mkdir()
        path.write_text("left over")
    Repository(str(source)).unpack(the_tag(source), folder)
    assert not (folder / "stale.py").exists()
    assert not (tmp_path / ".1.18.0.part").exists()


def test_a_tag_that_cannot_be_unpacked_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    gone = Tag("v9.9.9", "0" * 40, "0" * 40)
    with pytest.raises(OpsError, match=r"The tag v9\.9\.9 cannot be read from"):
        Repository(str(source)).unpack(gone, tmp_path / "releases" / "9.9.9")
    assert list((tmp_path / "releases").iterdir()) == []


def test_unpacking_leaves_the_repository_as_it_was(source: Path, tmp_path: Path) -> None:
    (source / "VERSION").write_text("being edited\n")
    Repository(str(source)).unpack(the_tag(source), tmp_path / "1.18.0")
    assert (source / "VERSION").read_text() == "being edited\n"
    assert git(source, "status", "--porcelain") == " M VERSION\n"


@pytest.mark.parametrize("path", ["", "/nowhere/at/all"])
def test_a_repository_that_is_missing_is_named_with_what_to_do(path: str) -> None:
    with pytest.raises(OpsError, match="does not exist") as caught:
        Repository(path)
    assert (path or "(none given)") in caught.value.message
    assert caught.value.fix == "Set the environment's source path to a git repository."


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OpsError, match="does not exist"):
        Repository(str(tmp_path / "file"))


def test_a_folder_that_is_no_repository_says_so(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="is not a git repository"):
        Repository(str(tmp_path)).tags()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_repository_of_somebody_else_is_read(source: Path) -> None:
    for path in [source, *source.rglob("*")]:
        shutil.chown(path, 65534, 65534)
    assert the_tag(source).name == "v1.18.0"


def test_no_hook_of_the_repository_is_run(source: Path, tmp_path: Path) -> None:
    canary = tmp_path / "it ran"
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        hook = source / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{canary}'\n")
        hook.chmod(0o755)
    Repository(str(source)).unpack(the_tag(source), tmp_path / "1.18.0")
    assert not canary.exists()


def test_no_filter_of_the_repository_is_run(tmp_path: Path) -> None:
    source = make_repository(
        tmp_path / "source", {"v1.0.0": {".gitattributes": "* filter=own\n", "VERSION": "1.0.0\n"}}
    )
    canary = tmp_path / "it ran"
    git(source, "config", "filter.own.smudge", f"touch '{canary}'; cat")
    repository = Repository(str(source))
    repository.unpack(repository.tags()[0], tmp_path / "1.0.0")
    assert not canary.exists()


@pytest.mark.django_db
def test_a_tree_that_points_outside_is_refused_in_a_sentence(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", {})
    (source / "passwords").symlink_to("/etc/passwd")
    for words in (["add", "--all"], ["commit", "-q", "-m", "x"], ["tag", "v1.0.0"]):
        git(source, *words)
    with pytest.raises(OpsError, match=r"v1\.0\.0"):
        releases.import_all(make_environment(source_path=str(source)))
