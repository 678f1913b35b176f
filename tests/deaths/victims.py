"""Servers that are killed in the middle of a run, and started again at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections

from smsops import signals
from smsops.errors import DatabaseAway
from smsops.models import FINAL, Run
from smsops.runs import absence, executor
from tests.backups.clusters import PASSWORD, USER, Cluster
from tests.places import wait_for


class Victim(Protocol):
    def kill(self) -> None: ...

    def launch(self) -> None:
        """Start it again; it answers a moment later."""

    def answers(self) -> bool: ...


@dataclass
class Strikes:
    """Kills a server at every boundary of a run that nothing was killed at before, or at every third, as `every` says.
    Every other time it is back before the run goes on; the times between, the run finds it away."""

    victim: Victim
    at: set[str] = field(default_factory=set)
    last: str = ""  # boundary after which nothing is killed any more
    every: int = 1

    def strike(self, run: Run, step: Any, where: str, **_: Any) -> None:
        name = f"{step.kind if step else 'run'}:{where}"
        if name in self.at or self.last in self.at:
            return
        self.at.add(name)
        if len(self.at) % self.every:
            return
        self.victim.kill()
        self.victim.launch()
        if len(self.at) % 2:
            wait_for(self.victim.answers, "the server")

    @contextlib.contextmanager
    def falling(self) -> Iterator[None]:
        signals.boundary.connect(self.strike)
        try:
            yield
        finally:
            signals.boundary.disconnect(self.strike)


def drive(run: Run, patience: float = 400.0, deliver: Callable[[int], object] = executor.drive) -> Run:
    """Work on the run until its verdict is announced, without the pauses a worker makes for a server that is away."""

    def over() -> bool:
        deliver(run.pk)
        run.refresh_from_db()
        return run.state in FINAL and run.end_announced

    wait_for(lambda: _undisturbed(over), "the verdict", patience)
    return run


def _undisturbed(ask: Callable[[], bool]) -> bool:
    try:
        with absence.noticed():
            return ask()
    except DatabaseAway:
        return False


@contextlib.contextmanager
def rows_in(cluster: Cluster) -> Iterator[None]:
    """Keep smsops' own rows in this server for a while, in a database of their own."""
    usual, wanted = connections.settings["default"], dict(connections.settings["default"])
    wanted |= {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": USER, "PASSWORD": PASSWORD}
    wanted |= {"HOST": "127.0.0.1", "PORT": str(cluster.port), "OPTIONS": {"sslmode": "disable"}}
    known = {using: dict(rows) for using, rows in ContentType.objects._cache.items()}  # type: ignore[attr-defined]
    try:
        _use(wanted)
        call_command("migrate", verbosity=0)
        yield
    finally:
        _use(usual)
        ContentType.objects._cache.update(known)  # type: ignore[attr-defined]  # the next test asks nothing because of us


def _use(database: dict[str, Any]) -> None:
    connections.close_all()
    connections.settings["default"] = database
    with contextlib.suppress(AttributeError):  # this thread may not have asked anything yet
        del connections["default"]
    ContentType.objects.clear_cache()
