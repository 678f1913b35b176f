"""A copy of a PostgreSQL database for a sandbox: on a server of the run's own, which the live one knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from backups.engines.base import Facts
from backups.engines.postgres import accidents
from backups.engines.postgres.engine import PostgresEngine
from backups.engines.postgres.scratch import ScratchServer
from backups.services.databases.base import Reader, Work
from backups.services.databases.postgres import reading_server, unfolded
from smsops.errors import OpsError
from smsops.runtimes.base import Told

SHOWN = "/run/sms-database"


@dataclass(frozen=True)
class PostgresTrial:
    """The database of that name on the server in `folder`, for an SMS in a container or beside us."""

    folder: Path
    name: str
    in_container: bool

    @property
    def server(self) -> ScratchServer:
        return ScratchServer(self.folder / "trial")

    def fill(self, work: Work, read: Reader, size: int) -> Facts:
        (self.folder / "data").mkdir(exist_ok=True)  # SMS wants one, whatever it keeps there
        copy = self.folder / "copy"
        manifest = read(copy, lambda: None)
        with unfolded(copy, work) as dump:
            work.guard()
            found = self.server.begin(dump, self.name)
        copy.unlink()
        if found != manifest.row_counts:
            raise OpsError(f"The backup {manifest.identifier} is not right: other rows came out.")
        return Facts(size, 0, 0, manifest.schema_revision, found)

    def told(self) -> Told:
        url = self.server.url(self.name)
        who, name = f"postgresql+psycopg://{url.user}:{url.password}", quote(url.name, safe="")
        address, folders = f"{who}@{url.server}/{name}", {}
        seen = address
        if self.in_container and not self.server.has_socket:
            raise OpsError(f"The name of the folder {self.folder} is too long for a server's socket.")
        if self.in_container:  # from there no network leads to this machine; the server's socket is shown to it
            seen, folders = f"{who}@/{name}?host={SHOWN}&port={url.port}", {str(self.server.socket): SHOWN}
        return Told({"DATABASE_ENGINE": "postgresql", "DATABASE_URL": seen}, folders, address)

    def delete(self, table: str, count: int) -> int:
        return accidents.delete_newest(self.server.admin(self.name), table, count)

    def tear(self, work: Work) -> str:
        path = accidents.largest_file(self.server.admin(self.name))
        self.server.stop()
        accidents.tear(self.server.data / path)
        self.server.ensure()
        try:
            PostgresEngine(self.server.admin(self.name)).snapshot(self.folder / "check")
        except OpsError as error:
            return error.message
        return ""

    def end(self) -> None:
        self.server.end()
        reading_server(self.folder).end()  # a drill that was killed may have left it
