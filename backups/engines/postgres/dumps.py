"""What is in a dump of pg_dump's own format, read from the dump itself, never from what somebody says about it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from backups.engines.postgres import programs
from backups.engines.postgres.connection import known
from backups.errors import BackupDamaged
from smsops import process
from smsops.errors import OpsError

MAGIC = b"PGDMP"
SECONDS = 1800.0
_COPY = re.compile(rb'COPY ("(?:[^"]|"")+"|[^\s".]+)\.("(?:[^"]|"")+"|[^\s".(]+) \(.*\) FROM stdin;\n')

_FROM = re.compile(r"^;\s+Dumped from database version: (\d+)", re.MULTILINE)
_EXTENSION = re.compile(r"^\d+; \d+ \d+ EXTENSION - (\S+) $", re.MULTILINE)


@dataclass
class Contents:
    """Rows per table, and the revision Alembic noted."""

    row_counts: dict[str, int] = field(default_factory=dict)
    revision: str = ""


def check_is_dump(dump: Path) -> None:
    """Raise BackupDamaged unless the file begins like a dump in the custom format; SQL text is never run."""
    with dump.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise BackupDamaged(f"{dump.name} is not a dump in pg_dump's custom format.")


def contents(dump: Path) -> Contents:
    """Read a whole dump and count its rows. Raises BackupDamaged when it cannot be read to its end."""
    check_is_dump(dump)
    with tempfile.TemporaryFile(dir=dump.parent) as rows:
        argv = [str(reader()), "--data-only", "--file=-", str(dump)]
        done = process.run(argv, timeout=SECONDS, env=programs.environment(None), stdout=rows)
        if "No space left on device" in done.stderr:
            raise OpsError(f"The disk of {dump.parent} is full.", fix="Make room, then try again.")
        if not done.ok:
            said = done.stderr.strip().splitlines()[-1:] or [f"signal {-done.code}"]
            raise BackupDamaged(f"The dump cannot be read: {said[0].removeprefix('pg_restore: error: ')}.")
        rows.seek(0)
        return _counted(rows)


@dataclass(frozen=True)
class Head:
    """What a dump says of itself: the server's major version, and the extensions the database had."""

    major: int
    extensions: tuple[str, ...]


def head(dump: Path) -> Head:
    """Read a dump's table of contents. Raises BackupDamaged when it cannot be read."""
    check_is_dump(dump)
    done = process.run([str(reader()), "--list", str(dump)], timeout=SECONDS, env=programs.environment(None))
    version = _FROM.search(done.stdout)
    if not done.ok or version is None:
        raise BackupDamaged("The dump's table of contents cannot be read.")
    return Head(int(version.group(1)), tuple(_EXTENSION.findall(done.stdout)))


def reader() -> Path:
    """The newest pg_restore here: it reads the dumps of every version before it."""
    here = programs.versions("pg_restore")
    if not here:
        raise OpsError("pg_restore is not on this machine.", fix="Install the package postgresql-client.")
    return here[max(here)]


def _counted(rows: IO[bytes]) -> Contents:
    found = Contents()
    heads: list[str] = []
    for line in rows:
        copy = _COPY.match(line) if line.startswith(b"COPY ") else None
        if copy is None:
            continue
        name = known(_plain(copy.group(1)), _plain(copy.group(2)))
        count = 0
        for row in _until_the_end(rows):
            count += 1
            if name == "alembic_version":
                heads.append(row.decode().strip())
        found.row_counts[name] = count
    found.revision = ",".join(sorted(heads))
    return found


def _until_the_end(rows: IO[bytes]) -> Iterator[bytes]:
    for row in rows:
        if row == b"\\.\n":
            return
        yield row
    raise BackupDamaged("The dump ends in the middle of a table.")


def _plain(identifier: bytes) -> str:
    text = identifier.decode()
    return text[1:-1].replace('""', '"') if text.startswith('"') else text
