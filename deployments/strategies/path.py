"""The way of a schema back to what an earlier release knows, revision by revision (D6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deployments.sources.migrations import Migrations, Revision


@dataclass(frozen=True)
class Path:
    """`crossed` are the revisions to take back, newest first; `aim` those the database is at afterwards. `unknown` are
    revisions of the database the newer release does not know either."""

    crossed: tuple[Revision, ...] = ()
    aim: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it can be gone at all."""
        return bool(self.aim) and not self.unknown and not self.closed

    @property
    def closed(self) -> tuple[str, ...]:
        """Revisions without a way back, or with one nobody could read."""
        return tuple(each.name for each in self.crossed if each.back is None or not each.back.there)

    @property
    def drops(self) -> tuple[str, ...]:
        """Tables and columns that go, with all that is in them."""
        return tuple(drop for each in self.crossed if each.back is not None for drop in each.back.drops)

    @property
    def sql(self) -> tuple[str, ...]:
        """Revisions whose way back runs statements of its own."""
        return tuple(each.name for each in self.crossed if each.back is not None and each.back.sql)


def path(newer: Migrations, at: Iterable[str], older: Migrations) -> Path:
    """From the revisions a database is `at` to those an older release knows, by the newer release's migrations.

    Where the older release goes on from there by itself (another branch), it does so when it starts.
    """
    here = sorted(at)
    unknown = tuple(name for name in here if name not in newer.revisions)
    done = newer.below(here)
    stays = done & older.revisions.keys()
    kept = Migrations({name: newer.revisions[name] for name in stays})
    return Path(tuple(_newest_first(newer, done - stays)), tuple(kept.heads), unknown)


def _newest_first(graph: Migrations, names: set[str]) -> list[Revision]:
    """Each before those it builds on; otherwise by name."""
    found: list[Revision] = []
    left = set(names)
    while left:
        needed = {parent for name in left for parent in graph.revisions[name].down}
        free = sorted(left - needed)
        if not free:  # a circle: no release has one
            raise ValueError("These revisions build on each other.")
        found.extend(graph.revisions[name] for name in free)
        left.difference_update(free)
    return found
