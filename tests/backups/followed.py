"""An SMS with PostgreSQL whose log is followed by a process of its own, as `manage.py follow` does it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from backups import tasks
from backups.engines.postgres.receiving import Receiver
from backups.models import LogFollowing
from backups.services.logs.postgres import PostgresLog
from smsops.environments.database_url import DatabaseUrl
from smsops.models import Environment, Run, RunState
from tests.backups.clusters import Cluster
from tests.ops.terminal import manage
from tests.places import drive, wait_for


@dataclass
class FollowedServer:
    """An environment on a server, and its follower."""

    environment: Environment
    server: Cluster
    url: DatabaseUrl
    said: Path
    process: subprocess.Popen[str] | None = None
    row: LogFollowing = field(init=False)

    def __post_init__(self) -> None:
        self.row = LogFollowing.objects.create(environment=self.environment)

    @property
    def log(self) -> PostgresLog:
        return PostgresLog(self.environment)

    def start(self) -> None:
        with self.said.open("a") as said:
            self.process = manage("follow", stdout=said, stderr=said)
        self.wait(lambda: self.now().alive, "the follower")

    def now(self) -> LogFollowing:
        self.row.refresh_from_db()
        return self.row

    def wait(self, condition: object, what: str) -> None:
        wait_for(condition, f"{what}: {self.now().problem} {self.said.read_text()[-800:]}", 60)  # type: ignore[arg-type]

    def base(self) -> Run:
        """What looks at the followers asks for a base backup; take it."""
        tasks.look_at_followers()
        run = drive(Run.objects.filter(kind="base_backup", environment=self.environment).latest("pk"), 180)
        assert run.state == RunState.SUCCEEDED, run.cause
        return run

    def execute(self, statement: str) -> None:
        self.server.execute(self.url.name, statement)

    def known(self) -> datetime:
        """A moment behind all that was committed by now; wait until it can be chosen."""
        (row,) = self.server.execute("postgres", "SELECT clock_timestamp()")
        assert isinstance(row[0], datetime)
        moment = row[0].astimezone(UTC)
        self.wait(lambda: (spans := self.log.spans()) and spans[-1].end >= moment, "the moment to be known")
        return moment

    def commit(self, note: str) -> datetime:
        self.execute(f"INSERT INTO notes VALUES ('{note}')")
        return self.known()

    def notes(self) -> list[str]:
        return [str(row[0]) for row in self.server.execute(self.url.name, "SELECT text FROM notes ORDER BY text")]

    def receiver(self) -> int:
        """The process number of pg_receivewal."""
        marks = sorted(self.log.lines.folder.glob("*/receiver.pid"))
        return int(marks[-1].read_text())

    def slot(self) -> str:
        """What the server calls the receiver's place in its log."""
        line = self.log.lines.newest()
        assert line is not None
        return Receiver(self.url, line.archive).slot

    def children(self) -> list[int]:
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in path.read_text().split()]

    def kill(self) -> None:
        """Kill everything that follows, at once."""
        assert self.process is not None
        for number in (self.process.pid, *self.children(), self.receiver()):
            os.kill(number, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def clear(self) -> None:
        """Nothing of it runs any more, and the server keeps nothing for it."""
        self.end()
        with contextlib.suppress(Exception):
            self.log.give_up()

    def later(self, moment: datetime) -> bool:
        """Whether the follower has looked since."""
        looked = self.now().looked_at
        return looked is not None and looked > moment
