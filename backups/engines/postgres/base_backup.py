"""Base backups: the whole server's files by pg_basebackup, proven by pg_verifybackup, then sealed in one envelope."""

from __future__ import annotations

import json
import shutil
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.postgres import connection as connections
from backups.engines.postgres import programs
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.bases import Base
from backups.engines.postgres.connection import maintenance
from backups.engines.postgres.pipes import folder_as_tar, pieces_as_file
from backups.errors import BackupDamaged
from backups.vault import envelopes
from backups.vault.shelf import explained
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

SECONDS = 4 * 3600.0


def take(url: DatabaseUrl, archive: Archive, work: Path) -> Base:
    """Take a base backup by way of the folder `work`, which is removed. The plain files are there only meanwhile.

    Raises OpsError when the server refuses (the user needs REPLICATION), when it has tablespaces outside its folder,
    when the disk is full, and when pg_verifybackup finds a difference.
    """
    shutil.rmtree(work, ignore_errors=True)
    try:
        with maintenance(url) as connection:
            major = connections.major(connection)
            _refuse_tablespaces(connection)
        program, proof = (programs.fitting(name, major, exact=True) for name in ("pg_basebackup", "pg_verifybackup"))
        argv = [str(program), f"--pgdata={work}", "--format=plain", "--wal-method=stream", "--checkpoint=fast"]
        programs.run([*argv, "--no-password", "--no-sync"], url, timeout=SECONDS, folder=work.parent)
        with maintenance(url) as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        base = _described(work, major, row[0] if row else datetime.now(UTC))
        programs.run([str(proof), "--quiet", str(work)], url, timeout=SECONDS)
        with explained(archive.folder), folder_as_tar(work) as stream:
            size = envelopes.seal(stream, archive.base_envelope(base.name), archive.keys, {"base": base.name})
        found = Base(**{**vars(base), "size": size})
        _read_back(archive, found)
        archive.add_base(found)
        return found
    finally:
        shutil.rmtree(work, ignore_errors=True)


def unpack(archive: Archive, base: Base, target: Path) -> None:
    """Write the server's files to the new folder `target`. BackupDamaged when anything is not as it was sealed."""
    pieces = envelopes.unseal(archive.base_envelope(base.name), archive.keys, {"base": base.name})
    target.mkdir(mode=0o700, parents=True)
    with explained(target.parent), pieces_as_file(pieces) as file:
        try:
            with tarfile.open(fileobj=file, mode="r|") as tar:
                tar.extractall(target, filter="data")
        except tarfile.TarError as error:
            raise BackupDamaged(f"The base backup {base.name} cannot be unpacked.") from error
    target.chmod(0o700)


def _refuse_tablespaces(connection: connections.Connection) -> None:
    rows = connection.execute("SELECT spcname FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''").fetchall()
    if rows:
        raise OpsError(
            f"The server keeps the tablespace {rows[0][0]} outside its folder; smsops cannot recover that beside it.",
            fix="Use the backups of the database alone.",
        )


def _described(work: Path, major: int, finished: datetime) -> Base:
    """What the backup says of itself."""
    (stretch,) = json.loads((work / "backup_manifest").read_text())["WAL-Ranges"]
    name, now = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}", finished.astimezone(UTC).isoformat()
    plain = sum(path.lstat().st_size for path in work.rglob("*"))
    return Base(name, now, major, stretch["Timeline"], stretch["Start-LSN"], stretch["End-LSN"], 0, plain)


def _read_back(archive: Archive, base: Base) -> None:
    """Raise BackupDamaged unless the sealed copy can be opened to its end."""
    for _ in envelopes.unseal(archive.base_envelope(base.name), archive.keys, {"base": base.name}):
        pass
