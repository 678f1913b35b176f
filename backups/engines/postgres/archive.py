"""The log and the base backups of one server in a folder: what point-in-time recovery starts from.

`log/` is where pg_receivewal writes; `segments/` holds closed segments and `bases/` base backups, both sealed. The last
closed segment stays in `log/`, too: from it pg_receivewal knows where to go on. What is in `log/` (two segments,
usually) is not sealed and belongs to smsops alone. A segment is the unfinished one, then a closed one, then a sealed
one; who reads it while that happens tries again.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.postgres import notes, segments
from backups.engines.postgres.bases import Base
from backups.engines.postgres.segments import Coverage
from backups.errors import BackupDamaged
from backups.vault import envelopes
from backups.vault.keys import Keyring
from backups.vault.shelf import explained, make_private

SEALED = ".sealed"
PARTIAL = ".partial"
STALE = 24 * 3600.0  # seconds after which what is half-way was left by a kill


class Archive:
    """One folder of log and base backups."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        self.folder, self.keys = folder, keys
        self.log, self.sealed, self.bases_folder = folder / "log", folder / "segments", folder / "bases"
        with explained(folder):
            for each in (self.log, self.sealed, self.bases_folder):
                make_private(each)

    def take_in(self, most: int | None = None) -> list[str]:
        """Seal the closed segments that are not yet, at most so many; let go of the plain ones but the last. Returns
        the new ones."""
        closed = sorted(path.name for path in self.log.iterdir() if segments.parse(path.name) or _is_history(path.name))
        new = [name for name in closed if not self._envelope(name).exists()][:most]
        with explained(self.folder):
            for name in new:
                self._seal(name)
            for name in [name for name in closed if segments.parse(name)][:-1]:
                if self._envelope(name).exists():
                    (self.log / name).unlink()
        return new

    def finish(self) -> None:
        """Seal all that is left, the unfinished segment included: nobody writes here any more."""
        self.take_in()
        with explained(self.folder):
            for path in sorted(self.log.iterdir()):
                if path.name.endswith(PARTIAL) and not self._envelope(path.name).exists():
                    self._seal(path.name)
                path.unlink()

    def _seal(self, name: str) -> None:
        with (self.log / name).open("rb") as file:
            envelopes.seal(file, self._envelope(name), self.keys, {"segment": name})

    def names(self) -> list[str]:
        """Every segment that is at hand, sealed or not yet, the unfinished one included."""
        sealed = {path.name.removesuffix(SEALED) for path in self.sealed.glob(f"*{SEALED}")}
        found = {name.removesuffix(PARTIAL) for name in sealed | {path.name for path in self.log.iterdir()}}
        return sorted(name for name in found if segments.parse(name))

    def size(self) -> int:
        """Bytes of all that is kept here."""
        folders = (self.log, self.sealed, self.bases_folder)
        return sum(_bytes(path) for folder in folders for path in folder.iterdir())

    def bases(self) -> list[Base]:
        """All base backups, oldest first; one without its description is none."""
        described = [path for path in self.bases_folder.glob("*.json") if not path.name.startswith(".")]
        return sorted((Base(**json.loads(path.read_text())) for path in described), key=lambda base: base.moment)

    def add_base(self, base: Base) -> None:
        """Let a base backup whose envelope is here appear."""
        notes.write(self.bases_folder / f"{base.name}.json", json.dumps(asdict(base)), sync=True)

    def base_envelope(self, name: str) -> Path:
        """Where the files of a base backup are."""
        return self.bases_folder / f"{name}{SEALED}"

    def base_for(self, moment: datetime | None) -> Base:
        """The newest base backup from before that moment, or of all. BackupDamaged when there is none."""
        fitting = [base for base in self.bases() if moment is None or base.moment <= moment]
        if not fitting:
            first = self.bases()[0].moment if self.bases() else None
            said = f"the first is of {first.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if first else "there is none at all"
            raise BackupDamaged(f"There is no base backup from before that moment; {said}.")
        return fitting[-1]

    def coverage(self, base: Base) -> Coverage:
        """How far the log goes on from a base backup without a hole."""
        return segments.coverage(base.first, self.names())

    def put_out(self, base: Base, target: Path) -> Coverage:
        """Write the segments a recovery from `base` may need to the folder `target`, the unfinished one included."""
        found = self.coverage(base)
        segment = base.first
        while found.last is not None and segment <= found.last:
            self._write(segment.name(), target / segment.name())
            segment = segment.following
        return found

    def _write(self, name: str, target: Path) -> None:
        for _ in range(3):  # it may become a closed one, and then a sealed one, while it is looked for
            with contextlib.suppress(FileNotFoundError), target.open("wb") as file:
                file.writelines(self._read(name))
                return
        raise BackupDamaged(f"The segment {name} of the log is gone.")

    def _read(self, name: str) -> Iterator[bytes]:
        unfinished = f"{name}{PARTIAL}"
        if self._envelope(name).exists():
            yield from envelopes.unseal(self._envelope(name), self.keys, {"segment": name})
        elif (self.log / name).exists():
            yield (self.log / name).read_bytes()
        elif self._envelope(unfinished).exists():
            yield from envelopes.unseal(self._envelope(unfinished), self.keys, {"segment": unfinished})
        else:
            yield (self.log / unfinished).read_bytes()

    def holds(self, name: str, end: int, text: bytes) -> bool:
        """Whether the text stands right before the byte `end` (a multiple of 8) of a segment, as far as the eight bytes
        before it tell, which no page of the log divides; they are zero until they are written."""
        for path in (self.log / f"{name}{PARTIAL}", self.log / name):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                file.seek(end - 8)
                found = file.read(8).rstrip(b"\0")
                return bool(found) and text.endswith(found)
        return self._envelope(name).exists()

    def forget_before(self, base: Base) -> int:
        """Remove base backups older than this one and segments only they needed; returns how many segments."""
        for older in [each for each in self.bases() if each.moment < base.moment]:
            (self.bases_folder / f"{older.name}.json").unlink()
            self.base_envelope(older.name).unlink(missing_ok=True)
        gone = [name for name in self.names() if (each := segments.parse(name)) is not None and each < base.first]
        for name in gone:
            self._envelope(name).unlink(missing_ok=True)
        self._sweep()
        return len(gone)

    def _sweep(self) -> None:
        """Remove what kills left half-way: private files, and base backups that never got their description."""
        known = {f"{base.name}{suffix}" for base in self.bases() for suffix in (SEALED, ".json")}
        for path in (*self.sealed.iterdir(), *self.bases_folder.iterdir()):
            half = path.name.startswith(".") or (path.parent == self.bases_folder and path.name not in known)
            with contextlib.suppress(FileNotFoundError):
                if half and time.time() - path.stat().st_mtime > STALE:
                    path.unlink()

    def _envelope(self, name: str) -> Path:
        return self.sealed / f"{name}{SEALED}"


def _is_history(name: str) -> bool:
    return name.endswith(".history")


def _bytes(path: Path) -> int:
    """Its size; none when it has just gone."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
