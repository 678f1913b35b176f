"""What a release's migrations are, from its source, without running it, or from the release itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deployments.sources.migrations import Migrations, dump, from_image, from_source, load
from smsops.runtimes.base import RuntimeSpec
from smsops.runtimes.process import ProcessRuntime
from tests.places import Place


def migration(revision: str, down: str) -> str:
    return f'"""A migration."""\nfrom alembic import op\n\nrevision = {revision!r}\ndown_revision = {down}\n'


def known(found: Migrations) -> tuple[list[str], list[str]]:
    """Its heads, and all revisions."""
    return found.heads, sorted(found.revisions)


def test_a_line_of_migrations_has_one_head() -> None:
    found = from_source([migration("a", "None"), migration("b", "'a'"), migration("c", "'b'")])
    assert known(found) == (["c"], ["a", "b", "c"])


def test_the_order_of_the_files_does_not_matter() -> None:
    files = [migration("c", "'b'"), migration("a", "None"), migration("b", "'a'")]
    assert from_source(files) == from_source(reversed(files))


def test_two_branches_have_two_heads() -> None:
    found = from_source([migration("a", "None"), migration("b", "'a'"), migration("c", "'a'")])
    assert found.heads == ["b", "c"]


@pytest.mark.parametrize("parents", ["('b', 'c')", "['b', 'c']", "('b', 'c',)"])
def test_a_mergepoint_joins_its_branches(parents: str) -> None:
    files = [migration("a", "None"), migration("b", "'a'"), migration("c", "'a'"), migration("merge_1", parents)]
    assert known(from_source(files)) == (["merge_1"], ["a", "b", "c", "merge_1"])


def test_two_roots_are_two_lines() -> None:
    assert from_source([migration("a", "None"), migration("z", "None")]).heads == ["a", "z"]


def test_annotated_assignments_are_read_too() -> None:
    text = "from typing import Union\nrevision: str = 'b'\ndown_revision: Union[str, None] = 'a'\n"
    assert from_source([migration("a", "None"), text]).heads == ["b"]


def test_names_need_not_be_hexadecimal() -> None:
    assert from_source([migration("add_guardian_phone", "None")]).heads == ["add_guardian_phone"]


@pytest.mark.parametrize("text", ["def upgrade(:\n", "revision = ", "<<<<<<< HEAD\n", "\x00", "", "# nothing\n"])
def test_a_file_that_cannot_be_read_is_passed_over(text: str) -> None:
    assert known(from_source([text, migration("a", "None")])) == (["a"], ["a"])


def test_a_file_without_a_revision_is_passed_over() -> None:
    files = ["down_revision = 'a'\n", "revision = compute()\n", "revision = 7\n", migration("a", "None")]
    assert known(from_source(files)) == (["a"], ["a"])


def test_other_assignments_do_not_disturb() -> None:
    text = "a = b = 1\nx.y = 2\n(p, q) = 3, 4\nbranch_labels: object\n" + migration("a", "None") + "depends_on = ()\n"
    assert known(from_source([text])) == (["a"], ["a"])


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    canary = tmp_path / "it ran"
    from_source([f"open({str(canary)!r}, 'w')\nrevision = open({str(canary)!r}, 'w').name\n" + migration("a", "None")])
    assert not canary.exists()


def test_without_files_nothing_is_known() -> None:
    assert from_source([]) == Migrations()


def test_what_is_written_down_is_read_again() -> None:
    files = [migration("a", "None"), migration("b", "'a'") + "def downgrade():\n    op.drop_table('x')\n"]
    assert load(json.loads(json.dumps(dump(from_source(files))))) == from_source(files)


def test_all_that_a_revision_builds_on_is_below_it() -> None:
    files = [migration("a", "None"), migration("b", "'a'"), migration("c", "'a'"), migration("m", "('b', 'c')")]
    found = from_source([*files, migration("d", "'m'")])
    assert (found.below(["m"]), found.below(["b", "strange"])) == ({"a", "b", "c", "m"}, {"a", "b"})


def test_a_release_with_its_files_elsewhere_is_asked_for_its_history(process_place: Place, tmp_path: Path) -> None:
    shared = Path(process_place.environment.releases_path) / "1.19.0"
    folder = shutil.copytree(shared, tmp_path / "own" / "1.19.0") / "backend"
    process_place.environment.releases_path = str(tmp_path / "own")
    (folder / "migrations" / "versions").rename(folder / "migrations" / "steps")
    ini = folder / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]", "[alembic]\nversion_locations = migrations/steps"))
    image = process_place.runtime.image("1.19.0")
    assert image is not None
    told = from_image(process_place.runtime, image.id)
    release = process_place.environment.releases.get(version="1.19.0")
    assert {each.name: each.down for each in told.revisions.values()} == {
        each.name: each.down for each in load(release.graph).revisions.values()
    }
    assert told.revisions["e82b46c1d7f0"].back is None


def test_a_release_tells_its_own_migrations(process_place: Place) -> None:
    image = process_place.runtime.image("1.19.0")
    assert image is not None
    told = from_image(process_place.runtime, image.id)
    release = process_place.environment.releases.get(version="1.19.0")
    assert told == load(release.graph)
    assert known(told) == ([release.heads], release.revisions)


def test_a_release_that_does_not_know_its_migrations_leaves_them_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "1.0.0" / "backend"
    folder.mkdir(parents=True)
    (folder / "entrypoint.py").write_text("")
    spec = RuntimeSpec("x", "", "", str(tmp_path), "", 1, 1, 64, "x.db", releases_path=str(tmp_path))
    (image,) = ProcessRuntime(spec).images()
    assert from_image(ProcessRuntime(spec), image.id) == Migrations()


def test_a_release_that_is_gone_leaves_them_unknown(tmp_path: Path) -> None:
    spec = RuntimeSpec("x", "", "", str(tmp_path), "", 1, 1, 64, "x.db", releases_path=str(tmp_path))
    assert from_image(ProcessRuntime(spec), "tree:gone") == Migrations()
