"""A school on a PostgreSQL server, its archive, and the receiver that fills it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backups.engines.postgres import base_backup, beats, recovery
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.bases import Base
from backups.engines.postgres.receiving import Receiver
from backups.engines.postgres.recovery import Recovered
from backups.vault.keys import Keyring
from smsops.environments.database_url import DatabaseUrl
from tests.backups.clusters import Cluster
from tests.places import wait_for


@dataclass
class Line:
    """A school, its archive, and the receiver that fills it."""

    server: Cluster
    url: DatabaseUrl
    folder: Path
    archive: Archive
    receiver: Receiver

    def base(self) -> Base:
        return base_backup.take(self.url, self.archive, self.folder / "work")

    def commit(self, statement: str) -> datetime:
        """Change something; the moment of that commit, as the server noted it."""
        with self.server.connect(self.url.name) as connection:
            row = connection.execute(
                f"WITH x AS ({statement} RETURNING 1) SELECT pg_current_xact_id()".encode()
            ).fetchone()
            assert row is not None
            moment = connection.execute("SELECT pg_xact_commit_timestamp(%s::text::xid)", [str(row[0])]).fetchone()
        assert moment is not None
        return moment[0].astimezone(UTC)  # type: ignore[no-any-return]

    def fetched(self) -> None:
        """Wait until everything the server has written is here."""
        with self.server.connect("postgres") as connection:
            wanted = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
            query = "SELECT FROM pg_stat_replication WHERE application_name = 'smsops' AND write_lsn >= %s"
            wait_for(lambda: connection.execute(query, wanted).fetchone() is not None, "the log to be fetched")

    def beat(self) -> None:
        with self.server.connect("postgres") as connection:
            beats.send(connection)

    def slots(self) -> int:
        """How many places in its log the server keeps for the receiver."""
        query = f"SELECT slot_name FROM pg_replication_slots WHERE starts_with(slot_name, '{self.receiver.slot}')"
        return len(self.server.execute("postgres", query))

    def close_segment(self) -> None:
        self.commit("INSERT INTO notes VALUES ('x')")
        self.server.execute("postgres", "SELECT pg_switch_wal()")
        self.fetched()

    def recover(self, until: datetime | None) -> Recovered:
        self.fetched()
        return recovery.recover(self.archive, self.url, until, self.folder / "scratch", self.folder / "dump")


@pytest.fixture
def line(server: Cluster) -> Iterator[Line]:
    url = server.new()
    with tempfile.TemporaryDirectory(prefix="smsops-pt-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the scratch server runs as another user
        archive = Archive(folder / "archive", Keyring(folder / "keys"))
        receiver = Receiver(url, archive)
        receiver.start()
        yield Line(server, url, folder, archive, receiver)
        receiver.stop()
        free = f"SELECT FROM pg_replication_slots WHERE active AND slot_name = '{receiver.slot}'"
        wait_for(lambda: not server.execute("postgres", free), "the slot to be free")
        receiver.drop_slot()
