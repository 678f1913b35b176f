"""SMS's database as an SQLite file in its data folder: exchanged by one rename, under the folder's fence."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from backups.engines import putting
from backups.engines.base import Facts, TableChange
from backups.engines.plans import RecoveryPlan
from backups.engines.putting import PutBack
from backups.engines.sqlite import SqliteEngine, fsync, quiesce, side_file
from backups.models import Proof
from backups.selectors import inside
from backups.services import fence, integrity, swaps
from backups.services.databases.base import Proven, Reader, Work
from backups.vault.shelf import explained
from backups.wal.frames import Position
from smsops.errors import OpsError
from smsops.runtimes.base import Runtime
from smsops.text import bytes_text


@dataclass
class SqliteDatabase:
    """One file; `name` is its path in the data folder."""

    runtime: Runtime
    name: str
    engine = "sqlite"
    check = "quick_check"
    noticing = "quick_check"
    deep = "integrity_check"
    proof = Proof.CHECKED

    @property
    def data(self) -> Path:
        return self.runtime.data_folder()

    @property
    def path(self) -> Path:
        return inside(self.data, self.name)

    @property
    def place(self) -> str:
        return str(self.data)

    def _private(self, work: Work, name: str) -> Path:
        """A file of this run in smsops's folder on the data volume."""
        return fence.private_folder(self.data) / f"{name}-r{work.run}"

    def exists(self) -> bool:
        return self.path.exists()

    def size(self) -> int:
        return self.path.stat().st_size if self.exists() else 0

    def room(self) -> int | None:
        return shutil.disk_usage(self.data).free

    def revision(self) -> str:
        return SqliteEngine().revision(self.path)

    def row_counts(self) -> dict[str, int]:
        return SqliteEngine().row_counts(self.path)

    def filled(self, table: str, column: str) -> int:
        return SqliteEngine().filled(self.path, table, column)

    def snapshot(self, target: Path) -> Position | None:
        return SqliteEngine().snapshot(self.path, target)

    def lay_out(self, snapshot: Path, before: Path | None) -> Path:
        return snapshot

    def block(self, copy: Path) -> int:
        return SqliteEngine().block(copy)

    def facts(self, copy: Path) -> Facts:
        return SqliteEngine().facts(copy)

    def prove(self, copy: Path, work: Work) -> Proven:
        found = SqliteEngine().row_counts(copy, quiet=True)
        return Proven(found, *SqliteEngine().deep_check(copy))

    def end_proof(self, work: Work) -> None:
        """It leaves nothing."""

    def stage(self, work: Work, read: Reader, size: int) -> Facts:
        staged = self._private(work, "restore")
        part = staged.with_name(staged.name + ".part")
        with explained(staged.parent):
            free = shutil.disk_usage(staged.parent).free
            if free < size * 1.2:
                raise OpsError(f"The data volume has {bytes_text(free)} left; the backup needs {bytes_text(size)}.")
            work.guard()
            found: list[Facts] = []
            manifest = read(part, lambda: found.append(self.facts(part)))  # the check runs beside digesting
            facts = found[-1]
            if facts.problem:
                raise OpsError(f"The backup {manifest.identifier} does not pass quick_check: {facts.problem}.")
            if facts.row_counts != manifest.row_counts:
                raise OpsError(f"The backup {manifest.identifier} does not have the rows its manifest says.")
            swaps.own_like(part, self.path if self.exists() else self.path.parent)
            part.chmod(part.stat().st_mode & 0o666 | 0o600)
            fsync(part)
            part.rename(staged)
        return facts

    def unstage(self, work: Work) -> None:
        staged = self._private(work, "restore")
        for path in (staged, staged.with_name(staged.name + ".part")):
            path.unlink(missing_ok=True)

    def settle(self, work: Work) -> str:
        return swaps.settle(self.data, self.path, self._private(work, "side-files"), work.token)

    def unsettle(self, work: Work) -> None:
        swaps.unsettle(self.data, self.path, self._private(work, "side-files"), work.token)

    def keep(self, work: Work) -> bool:
        kept = self._private(work, "before")
        swaps.keep(self.data, self.path, kept, work.token)
        return kept.exists()

    def unkeep(self, work: Work) -> None:
        self._private(work, "before").unlink(missing_ok=True)

    def staged(self, work: Work) -> bool:
        return self._private(work, "restore").exists()

    def swap(self, work: Work) -> None:
        if not self.staged(work):
            raise OpsError("The unpacked copy is gone from the data volume.")
        swaps.install(self.data, self.path, self._private(work, "restore"), work.token)

    def swap_back(self, work: Work) -> bool:
        kept = self._private(work, "before")
        if self.staged(work) or not kept.exists():
            return False
        swaps.install(self.data, self.path, kept, work.token)
        return True

    def by_hand(self, work: Work) -> list[str]:
        return self._commands(self._private(work, "before"))

    def _commands(self, copy: Path) -> list[str]:
        return [f"rm -f {side_file(self.path, '-wal')} {side_file(self.path, '-shm')}", f"mv {copy} {self.path}"]

    def old(self, work: Work) -> Path | None:
        kept = self._private(work, "before")
        return kept if kept.exists() else None

    def forget_old(self, work: Work) -> None:
        self._private(work, "before").unlink()
        shutil.rmtree(self._private(work, "side-files"), ignore_errors=True)

    def hold(self, work: Work) -> Facts | None:
        if not self.exists():
            return None
        copy = self._private(work, "hold")
        part = copy.with_name(copy.name + ".part")
        with explained(copy.parent):
            self.snapshot(part)
            fsync(part)
            swaps.own_like(part, self.path)
            part.rename(copy)
        return self.facts(copy)

    def held(self, work: Work) -> bool:
        return self._private(work, "hold").exists()

    def compare(self, work: Work, tables: list[str]) -> list[TableChange]:
        return SqliteEngine().compare(self._private(work, "hold"), self.path, tables)

    def spoiled(self, work: Work, tables: list[str]) -> str:
        quiesce(self.path)
        return integrity.spoiled(self._private(work, "hold"), self.path, tables)

    def put_back(self, work: Work) -> None:
        swaps.install(self.data, self.path, self._private(work, "hold"), work.token)

    def put_back_by_hand(self, work: Work) -> list[str]:
        return self._commands(self._private(work, "hold"))

    def release(self, work: Work) -> None:
        copy = self._private(work, "hold")
        for path in (copy, copy.with_name(copy.name + ".part")):
            path.unlink(missing_ok=True)

    def look_into(self, work: Work, read: Reader) -> None:
        read(self.then(work), lambda: None)

    def then(self, work: Work) -> Path:
        return work.folder / "then.sqlite3"

    def now(self, work: Work) -> Path:
        return inside(self.data, self.name)

    def put_rows_back(self, plan: RecoveryPlan, work: Work) -> list[PutBack]:
        return putting.put_back(plan, self.then(work), self.now(work), work.guard)

    def look_away(self, work: Work) -> None:
        self.then(work).unlink(missing_ok=True)
