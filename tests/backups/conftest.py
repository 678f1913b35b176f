"""What the tests of the backups share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from smsops.environments.database_url import DatabaseUrl
from tests.backups.clusters import Cluster, cluster
from tests.backups.couples import script
from tests.backups.databases import make
from tests.backups.pg_couples import FAMILY, Couple
from tests.backups.pg_schools import make_template, move_in, new_school
from tests.backups.replicas import fill
from tests.backups.servers import any_site as any_site
from tests.backups.servers import azure_site as azure_site
from tests.backups.servers import moto_site as moto_site
from tests.backups.servers import rclone_site as rclone_site
from tests.backups.servers import sftp_site as sftp_site
from tests.backups.servers import site as site
from tests.backups.servers import strict_sftp_site as strict_sftp_site
from tests.backups.vaults import vault_at
from tests.backups.wals import Desk, desk_at
from tests.places import Place
from tests.runtimes.acts import launch, small_disk


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A quiet database of 50 students in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    return make(folder / "school.db")


@pytest.fixture
def then(database: Path, tmp_path: Path) -> Path:
    """The unpacked backup: the quiet database as it was."""
    return Path(shutil.copy2(database, tmp_path / "then.db"))


@pytest.fixture(scope="session")
def seeded(school: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo school in one quiet file."""
    copy = Path(shutil.copy2(school, tmp_path_factory.mktemp("seeded") / "school.db"))
    return script(copy, "PRAGMA journal_mode=DELETE")


@pytest.fixture
def live(seeded: Path, tmp_path: Path) -> Path:
    """The school SMS works on."""
    return script(Path(shutil.copy2(seeded, tmp_path / "live.db")), "PRAGMA journal_mode=WAL")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return vault_at(tmp_path)


@pytest.fixture
def stocked(tmp_path: Path) -> Vault:
    """A vault of three backups in three packs, the later ones building on the first."""
    return fill(vault_at(tmp_path), tmp_path, 3)


@pytest.fixture
def replica(tmp_path: Path) -> FolderShelf:
    """A folder for its copies."""
    return FolderShelf(tmp_path / "replica")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    with small_disk(tmp_path / "disk") as folder:
        yield folder


@pytest.fixture
def sms(place: Place) -> Place:
    """A running SMS on each runtime in turn."""
    return running(place)


@pytest.fixture
def native_sms(process_place: Place) -> Place:
    """A running SMS, natively."""
    return running(process_place)


def running(place: Place) -> Place:
    """SMS 1.18.1 serves; no check signs in, so that the digest of its database tells every change."""
    place.environment.smoke_email = ""
    place.environment.save()
    launch(place)
    return place


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A PostgreSQL server; each test makes databases of its own on it."""
    with cluster("track_commit_timestamp=on", "max_slot_wal_keep_size=1GB") as found:
        yield found


@pytest.fixture
def school_url(server: Cluster) -> DatabaseUrl:
    """A school of 50 students on that server."""
    return server.new()


@pytest.fixture(scope="session")
def school_server(server: Cluster, releases_path: Path, school: Path) -> Cluster:
    """The same server, with the demo school to make databases from."""
    make_template(server, releases_path / "1.18.1", school)
    return server


@pytest.fixture
def big_school(school_server: Cluster) -> DatabaseUrl:
    """The demo school of 200 students on it."""
    return new_school(school_server)


@pytest.fixture
def server_sms(process_place: Place, big_school: DatabaseUrl) -> Place:
    """A running SMS that works on that database."""
    return move_in(process_place, big_school)


@pytest.fixture
def pair(server: Cluster, school_url: DatabaseUrl, tmp_path: Path) -> Couple:
    """A school of 50 students, remembered."""
    found = Couple(server, school_url, tmp_path)
    found.remember()
    return found


@pytest.fixture
def family(pair: Couple) -> Couple:
    """Parents, children, and two tables that refer to each other."""
    pair.execute(FAMILY)
    pair.remember()
    return pair


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file and folder that is synced, in order."""
    found: list[Path] = []
    fsync: Callable[[int], None] = os.fsync

    def noted(handle: int) -> None:
        found.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A followed database, with a base."""
    with desk_at(tmp_path) as desk:
        yield desk
