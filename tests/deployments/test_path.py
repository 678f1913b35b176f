"""The way of a schema back to what an earlier release knows."""

from __future__ import annotations

import pytest

from deployments.sources.downgrades import Downgrade
from deployments.sources.migrations import Migrations, Revision
from deployments.strategies.path import path

THERE = Downgrade(True)


def graph(*edges: str, back: Downgrade | None = THERE) -> Migrations:
    """`"m<b,c"`: m builds on b and c."""
    parted = [edge.partition("<") for edge in edges]
    return Migrations({name: Revision(name, tuple(filter(None, down.split(","))), back) for name, _, down in parted})


OLD = graph("a", "b<a")
NEW = graph("a", "b<a", "c<b", "d<c")


def test_newest_revisions_are_taken_back_first() -> None:
    found = path(NEW, ["d"], OLD)
    assert ([each.name for each in found.crossed], found.aim, found.open) == (["d", "c"], ("b",), True)


def test_a_database_the_older_release_knows_stays_as_it_is() -> None:
    found = path(NEW, ["b"], OLD)
    assert (found.crossed, found.aim, found.open) == ((), ("b",), True)


def test_a_merge_and_both_its_branches_are_taken_back() -> None:
    newer = graph("a", "b<a", "p<b", "q<b", "m<p,q")
    found = path(newer, ["m"], OLD)
    assert ([each.name for each in found.crossed], found.aim) == (["m", "p", "q"], ("b",))


def test_a_merge_of_branches_the_older_release_has_leaves_several_heads() -> None:
    found = path(graph("a", "p<a", "q<a", "m<p,q"), ["m"], graph("a", "p<a", "q<a"))
    assert ([each.name for each in found.crossed], found.aim) == (["m"], ("p", "q"))


def test_a_database_at_several_heads_is_brought_to_one() -> None:
    found = path(graph("a", "b<a", "p<b", "q<b"), ["p", "q"], OLD)
    assert ([each.name for each in found.crossed], found.aim) == (["p", "q"], ("b",))


def test_where_the_older_release_branches_off_it_goes_on_by_itself() -> None:
    found = path(NEW, ["d"], graph("a", "b<a", "hotfix<b"))
    assert (found.aim, found.open) == (("b",), True)


def test_a_revision_nobody_knows_closes_the_way() -> None:
    found = path(NEW, ["strange"], OLD)
    assert (found.unknown, found.open) == (("strange",), False)


def test_releases_without_a_common_past_have_no_way() -> None:
    assert not path(NEW, ["d"], graph("z")).open


@pytest.mark.parametrize("back", [None, Downgrade()])
def test_a_revision_without_a_way_back_closes_it_and_is_named(back: Downgrade | None) -> None:
    newer = Migrations({**NEW.revisions, "d": Revision("d", ("c",), back)})
    found = path(newer, ["d"], OLD)
    assert (found.closed, found.open) == (("d",), False)


def test_what_goes_on_the_way_is_added_up() -> None:
    lossy = Revision("d", ("c",), Downgrade(True, ("notes", "students.phone"), True))
    found = path(Migrations({**NEW.revisions, "d": lossy}), ["d"], OLD)
    assert (found.drops, found.sql) == (("notes", "students.phone"), ("d",))


def test_revisions_that_build_on_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="build on each other"):
        path(graph("a", "x<y,a", "y<x"), ["x"], graph("a"))
