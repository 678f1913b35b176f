"""The log and the base backups of one server in a folder: what point-in-time recovery starts from.

`log/` is where pg_receivewal writes; `segments/` holds closed segments and `bases/` base backups, both sealed. The last
closed segment stays in `log/`, too: from it pg_receivewal knows where to go on. What is in `log/` (two segments,
usually) is not sealed and belongs to smsops alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.postgres import segments
from backups.engines.postgres.bases import Base
from backups.engines.postgres.segments import Coverage
from backups.errors import BackupDamaged
from backups.vault import envelopes
from backups.vault.keys import Keyring
from backups.vault.shelf import explained, make_private

SEALED = ".sealed"
PARTIAL = ".partial"


class Archive:
    """One folder of log and base backups."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        self.folder, self.keys = folder, keys
        self.log, self.sealed, self.bases_folder = folder / "log", folder / "segments", folder / "bases"
        with explained(folder):
            for each in (self.log, self.sealed, self.bases_folder):
                make_private(each)

    def take_in(self) -> list[str]:
        """Seal every closed segment that is not yet; let go of the plain ones but the last. Returns the new ones."""
        closed = sorted(path.name for path in self.log.iterdir() if segments.parse(path.name) or _is_history(path.name))
        new = [name for name in closed if not self._envelope(name).exists()]
        with explained(self.folder):
            for name in new:
                with (self.log / name).open("rb") as file:
                    envelopes.seal(file, self._envelope(name), self.keys, {"segment": name})
            for name in [name for name in closed if segments.parse(name)][:-1]:
                (self.log / name).unlink()
        return new

    def names(self) -> list[str]:
        """Every closed segment that is at hand, sealed or not yet."""
        sealed = {path.name.removesuffix(SEALED) for path in self.sealed.glob(f"*{SEALED}")}
        return sorted(sealed | {path.name for path in self.log.iterdir() if segments.parse(path.name)})

    def bases(self) -> list[Base]:
        """All base backups, oldest first; one without its description is none."""
        return sorted(
            (Base(**json.loads(path.read_text())) for path in self.bases_folder.glob("*.json")),
            key=lambda base: base.moment,
        )

    def add_base(self, base: Base) -> None:
        """Let a base backup whose envelope is here appear."""
        private = self.bases_folder / f".{base.name}.json"
        private.write_text(json.dumps(asdict(base)))
        private.replace(self.bases_folder / f"{base.name}.json")

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
            self._write(segment.name(), target)
            segment = segment.following
        partial = self.log / f"{segment.name()}{PARTIAL}"
        if partial.exists():
            (target / segment.name()).write_bytes(partial.read_bytes())
        return found

    def _write(self, name: str, target: Path) -> None:
        plain = self.log / name
        with (target / name).open("wb") as file:
            if plain.exists() and not self._envelope(name).exists():
                file.write(plain.read_bytes())
                return
            for piece in envelopes.unseal(self._envelope(name), self.keys, {"segment": name}):
                file.write(piece)

    def forget_before(self, base: Base) -> int:
        """Remove base backups older than this one and segments only they needed; returns how many segments."""
        for older in [each for each in self.bases() if each.moment < base.moment]:
            (self.bases_folder / f"{older.name}.json").unlink()
            self.base_envelope(older.name).unlink(missing_ok=True)
        gone = [name for name in self.names() if (each := segments.parse(name)) is not None and each < base.first]
        for name in gone:
            self._envelope(name).unlink(missing_ok=True)
        return len(gone)

    def _envelope(self, name: str) -> Path:
        return self.sealed / f"{name}{SEALED}"


def _is_history(name: str) -> bool:
    return name.endswith(".history")
