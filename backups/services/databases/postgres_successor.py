"""The copy of a stopped PostgreSQL database that takes its place: made, worked on and renamed on the same server.

It is a copy file by file, so that owners, rights and comments, which a dump between two servers loses, stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from backups.engines.base import Facts, unchecked
from backups.engines.postgres.engine import PostgresEngine
from backups.engines.postgres.exchange import Exchange
from backups.services.databases.base import Work
from smsops import envfile
from smsops.environments import other_database
from smsops.environments.database_url import DatabaseUrl
from smsops.runtimes.base import Told

# SMS's settings name the live database; what is told above them is not to be taken on trust.
FENCE = """\
import sqlalchemy

def only(connection, _):
    cursor = connection.cursor()
    cursor.execute("SELECT current_database()")
    (found,) = cursor.fetchone()
    connection.rollback()
    if found != {name!r}:
        raise SystemExit(f"SMS works on {{found}}, whatever it is told, and not on the copy.")

sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", only)
"""


@dataclass(frozen=True)
class PostgresSuccessor:
    """A database beside the `live` one, to which SMS's own settings in `env_file` lead."""

    live: DatabaseUrl
    env_file: str
    check = "every table counted"
    apart = False

    def _exchange(self, work: Work) -> Exchange:
        return Exchange(self.live, work.run)

    def refuse(self, work: Work) -> None:
        self._exchange(work).refuse_to_copy()
        self.told(work)

    def make(self, work: Work) -> Facts:
        exchange = self._exchange(work)
        work.guard()
        exchange.copy(exchange.names.back)
        return self.facts(work)

    def told(self, work: Work) -> Told:
        return Told(other_database.told(envfile.read(self.env_file), self._exchange(work).names.back))

    def fence(self, work: Work) -> str:
        return FENCE.format(name=self._exchange(work).names.back)

    def facts(self, work: Work) -> Facts:
        return self._facts(self._exchange(work).names.back)

    def ready(self, work: Work) -> Facts:
        exchange = self._exchange(work)
        if exchange.exists(exchange.names.back):
            work.guard()
            exchange.prove(exchange.names.back)
        return self._facts(exchange.names.new)

    def _facts(self, name: str) -> Facts:
        return unchecked(PostgresEngine(self.live.called(name)))

    def end(self, work: Work) -> None:
        exchange = self._exchange(work)
        exchange.drop(exchange.names.part, exchange.names.back, exchange.names.new)
