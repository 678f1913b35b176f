"""The ways back to an earlier release, each with its price, told before anything is done (runbook §4, D8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from backups.models import Backup
from backups.selectors import good as good_backups
from backups.services import databases, losses
from backups.services.databases.base import Database
from deployments import selectors
from deployments.models import Release
from deployments.strategies.choice import Strategy, WayBack
from deployments.strategies.path import Path, path
from smsops.models import Environment
from smsops.runs.history import estimate
from smsops.runtimes.base import Instance, Runtime
from smsops.runtimes.registry import runtime_for
from smsops.switch import warm
from smsops.text import age_text, count_text

TRIED = 200  # backups looked at for one the release knows


@dataclass
class WaysBack:
    """What is known of the way from the present to `release`. Asking changes nothing."""

    environment: Environment
    release: Release

    @cached_property
    def runtime(self) -> Runtime:
        return runtime_for(self.environment)

    @cached_property
    def database(self) -> Database:
        return databases.of(self.environment, self.runtime)

    @cached_property
    def running(self) -> Instance | None:
        return self.runtime.inspect(self.environment.instance)

    @cached_property
    def warm(self) -> Sequence[Instance]:
        """Instances that still run beside the one that has the name."""
        return warm.warm(self.environment, self.runtime)

    @cached_property
    def revisions(self) -> list[str]:
        """Those the live database is at; none where there is no database, or none yet."""
        return [name for name in self.database.revision().split(",") if name] if self.database.exists() else []

    @cached_property
    def newer(self) -> Release | None:
        """The release that takes its migrations back: the one that runs, where it knows the database; else another."""
        running = selectors.running_release(self.environment, self.running)
        known = [running] if running is not None else []
        known += Release.objects.filter(environment=self.environment).exclude(image_id="")
        return next((each for each in known if each.image_id and self._knows(each, self.revisions)), None)

    @cached_property
    def path(self) -> Path:
        """The way of the schema; an empty one where nobody knows it."""
        if self.newer is None:
            return Path(unknown=tuple(self.revisions))
        graphs = selectors.migrations_of(self.newer), selectors.migrations_of(self.release)
        return path(graphs[0], self.revisions, graphs[1])

    @cached_property
    def backup(self) -> Backup | None:
        """The newest good backup whose schema the release knows; of several, one it wrote itself comes first."""
        good = good_backups().filter(environment=self.environment)
        fitting = [each for each in good[:TRIED] if self._knows(self.release, each.schema_revision.split(","))]
        return next(iter(fitting), None)

    def all(self) -> Sequence[WayBack]:
        """Every way, the gentlest first."""
        return tuple(self.way(strategy) for strategy in Strategy)

    def way(self, strategy: Strategy) -> WayBack:
        """One of them; what another one would cost is not asked."""
        made = {Strategy.CODE: self._code, Strategy.SCHEMA: self._schema, Strategy.RESTORE: self._restore}
        return made[strategy]()

    @staticmethod
    def _knows(release: Release, revisions: Sequence[str]) -> bool:
        return bool(release.revisions) and all(name in release.revisions for name in revisions if name)

    def _takes(self, strategy: Strategy) -> str:
        found = estimate(self.environment, "rollback", strategy=strategy)
        return found.text if found is not None else ""

    def _code(self) -> WayBack:
        at, release, takes = ", ".join(self.revisions), self.release, self._takes(Strategy.CODE)
        if not at:
            return WayBack(Strategy.CODE, True, "The database has no schema yet.", takes=takes)
        if not release.revisions:
            why = f"Which revisions {release.version} knows is not known; if it does not start, everything is undone."
            return WayBack(Strategy.CODE, True, why, takes=takes)
        if not self._knows(release, self.revisions):
            return WayBack(Strategy.CODE, False, f"The database is at {at}, which {release.version} does not know.")
        return WayBack(Strategy.CODE, True, f"{release.version} knows the database's schema ({at}).", takes=takes)

    def _schema(self) -> WayBack:
        way = self.path
        why = self._closed(way)
        if why:
            return WayBack(Strategy.SCHEMA, False, why)
        assert self.newer is not None
        names = ", ".join(each.name for each in way.crossed)
        said = f"{self.newer.version} takes back {count_text(len(way.crossed), 'revision')} ({names}), on a copy first."
        if way.sql:
            said += f" {', '.join(way.sql)} runs statements of its own, which nobody can judge from here."
        return WayBack(Strategy.SCHEMA, True, said, self._dropped(way), self._takes(Strategy.SCHEMA))

    def _closed(self, way: Path) -> str:
        """Why the schema cannot go back, in a sentence; empty where it can."""
        if way.unknown:
            return f"No release here knows the revision {', '.join(way.unknown)} the database is at."
        if not way.crossed:
            return "The schema need not go back."
        if not way.aim:
            return f"{self.release.version} has no revision in common with the database."
        if way.closed:
            return f"{', '.join(way.closed)} has no way back."
        return ""

    def _dropped(self, way: Path) -> tuple[str, ...]:
        """What is in the tables and columns that go."""
        rows = self.database.row_counts()
        told = []
        for drop in way.drops:
            table, _, column = drop.partition(".")
            count = self.database.filled(table, column) if column else rows.get(table, 0)
            word = "value" if column else "row"
            if "?" in drop:
                told.append(f"{drop}: how much is in it cannot be told")
            elif count:
                told.append(f"{drop}: {count_text(count, f'{word} is lost', f'{word}s are lost')}")
        return tuple(told)

    def _restore(self) -> WayBack:
        backup = self.backup
        if backup is None:
            why = f"There is no good backup with a schema {self.release.version} knows."
            return WayBack(Strategy.RESTORE, False, why)
        more = losses.rows_since(backup, self.database.row_counts() if self.database.exists() else {})
        lost = f"Everything written since {backup.taken_at:%Y-%m-%d %H:%M} UTC ({age_text(backup.age)}) is lost."
        why = f"{backup.identifier} has a schema {self.release.version} knows."
        return WayBack(Strategy.RESTORE, True, why, (lost, *more), self._takes(Strategy.RESTORE))
