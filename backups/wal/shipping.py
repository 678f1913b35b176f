"""Copies the log to a shelf elsewhere while it is written (B8): every look sends what is not there yet.

Whole records alone are sent, each opened before, in parts that are never changed; nothing there is written over or
removed. It may be killed at any time and run again: what is there is known from its names.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.copies import digest_on, size_on
from backups.vault.replication import Fault
from backups.vault.shelf import FolderShelf, Shelf, explained, make_private
from backups.wal.log import LOG, Log
from backups.wal.parts import File, Part, folder_of, of_name, reach
from backups.wal.reels import Reel
from backups.wal.segments import name_of
from backups.wal.stock import Stock

MOST = 8 * 1024 * 1024  # bytes in one part, but for a record that is longer
MISSING = "is missing"
ONE_IN = 10  # new parts of which one is read back
Stamp = tuple[int, ...]


@dataclass
class Shipper:
    """Sends one log to one shelf; by one thread. `work` is a folder of its own for what is under way.

    `reached` is the time (ms) of the last thing sent, `sent` and `volume` are how many parts and bytes that were;
    `faults` is what is damaged or missing on either side, by name. Without `reads` lengths alone are compared.
    """

    log: Log
    target: Shelf
    work: Path
    reads: bool = True
    faults: dict[str, Fault] = field(default_factory=dict)
    reached: int = 0
    sent: int = 0
    volume: int = 0
    _reels: dict[File, Reel] = field(default_factory=dict)
    _done: dict[File, int] = field(default_factory=dict)
    _seen: Stamp = ()
    _turn: int = 0

    def __post_init__(self) -> None:
        self.stock = Stock(self.target)
        self.folder = self.target.incoming() if isinstance(self.target, FolderShelf) else self.work
        with explained(self.folder):
            make_private(self.folder)
            for path in self.folder.glob("*.part"):
                path.unlink(missing_ok=True)

    def pending(self) -> bool:
        """Whether anything was written since the last look that got through; asks this machine alone."""
        return self._stamp() != self._seen

    def look(self, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Send what is not there, oldest first, while `go_on` says so; whether everything is there now.

        Raises OpsError when the shelf cannot be reached or refuses: what was sent stays, the next look goes on.
        """
        stamp, files = self._stamp(), self.files()
        for file, following in zip(files, [*files[1:], None], strict=True):
            if file in self._done:
                continue
            if not go_on():
                return False
            try:
                self._ship(file, following, go_on)
            except FileNotFoundError:
                self._done[file] = 0  # past its time here, and removed just now
            except (BackupDamaged, KeyUnusable) as error:
                self._damaged_here(file, error)
        self._seen = stamp
        return True

    def files(self) -> list[File]:
        """All files of the log here, oldest first."""
        return [(each, number) for each in self.log.generations() for number in self.log.numbers(each)]

    def look_again(self) -> None:
        """Ask anew what is there. A part that got lost is named, and sent again with the next look."""
        before = {part.name: part for part in self.stock.known()}
        self.stock = Stock(self.target)
        here = {file for file in self.files() if file in self._done or file in self._reels}
        for part in before.values():
            if part.file in here and part not in self.stock.of(*part.file):
                self._fault(part.name, there=True, what=MISSING)
        self._done.clear()
        self._reels.clear()
        self._seen = ()

    def check(self, count: int) -> None:
        """Read so many parts back, the next ones in turn and all that were damaged, and compare them with what is here;
        a fault that is gone is one no more."""
        known = {part.name: part for part in self.stock.known()}
        names = sorted(known)
        turn = [names[(self._turn + at) % len(names)] for at in range(min(count, len(names)))]
        self._turn += len(turn)
        self._forget_past()
        for name in [*turn, *(fault.name for fault in self.faults.values() if fault.there)]:
            part = known.get(name)
            if part is not None and (wanted := self._bytes_here(part)) is not None:
                self._same(part, wanted)

    def _forget_past(self) -> None:
        """A fault of a file that is past its time here can neither be judged nor mended any more."""
        for name in list(self.faults):
            part = of_name(name)
            if not self.log.shelf.exists(name_of(*part.file) if part else name):
                del self.faults[name]

    def _ship(self, file: File, following: File | None, go_on: Callable[[], bool]) -> None:
        there, limit = reach(self.stock.of(*file)), self._limit(file, following)
        if following and there and there == self._size(file):
            self._done[file] = there
            return
        reel = self._reels.setdefault(file, Reel(*file))
        while go_on():
            data = reel.read(self.log, there, MOST, limit)
            if not data:
                break
            time = reel.time or self.reached  # of a header alone, the time of what came before it
            self._send(Part(*file, there, there + len(data), time), data)
            there += len(data)
        else:
            return
        self._mended(file)
        if following or reel.closed:
            self._done[file] = there
            self._reels.pop(file, None)

    def _mended(self, file: File) -> None:
        """All of a file is there: parts of it that were missing are so no more, by whatever name."""
        begins = f"{folder_of(*file)}/{file[1]:08d}-"
        gone = [fault.name for fault in self.faults.values() if fault.name.startswith(begins) and fault.what == MISSING]
        for name in [*gone, name_of(*file)]:
            self.faults.pop(name, None)

    def _limit(self, file: File, following: File | None) -> int | None:
        """How many bytes of a file count, which the next one of its generation knows; all where there is none."""
        if following is None or following[0] != file[0]:
            return None
        try:
            with self.log.segment(*following) as segment:
                previous = segment.header.previous
        except (BackupDamaged, KeyUnusable):  # told when it is that one's turn
            return None
        return previous.bytes if previous.number == file[1] else None

    def _send(self, part: Part, data: bytes) -> None:
        path = self.folder / f"{secrets.token_hex(8)}.part"
        try:
            with explained(self.folder), path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self.target.put(part.name, path)
        finally:
            path.unlink(missing_ok=True)
        self.stock.add(part)
        self.faults.pop(part.name, None)
        self.sent, self.volume, self.reached = self.sent + 1, self.volume + len(data), max(self.reached, part.time)
        if hashlib.sha256(part.name.encode()).digest()[0] % ONE_IN == 0:
            self._same(part, data)

    def _same(self, part: Part, wanted: bytes) -> None:
        """Whether a part is there as it should be, as far as may be read."""
        if self.reads:
            found = digest_on(self.target, part.name)
            right, what = found == hashlib.sha256(wanted).hexdigest(), MISSING if found is None else "is damaged"
        else:
            size = size_on(self.target, part.name)
            right, what = size == len(wanted), MISSING if size is None else "has another length"
        if right:
            self.faults.pop(part.name, None)
        else:
            self._fault(part.name, there=True, what=what)

    def _bytes_here(self, part: Part) -> bytes | None:
        """The same stretch of the file here; None where that is not here any more, or is damaged itself."""
        name = name_of(*part.file)
        if name in self.faults:
            return None
        try:
            with self.log.shelf.open(name) as file:
                file.seek(part.start)
                data = file.read(part.end - part.start)
        except FileNotFoundError:
            return None
        return data if len(data) == part.end - part.start else None

    def _damaged_here(self, file: File, error: BackupDamaged | KeyUnusable) -> None:
        """What is damaged here is not sent; the files behind it are."""
        if not self.log.shelf.exists(name_of(*file)):
            self._done[file] = 0
            return
        what = "is damaged" if isinstance(error, BackupDamaged) else "is sealed with a key that is missing"
        self._fault(name_of(*file), there=False, what=what)
        self._done[file] = 0

    def _fault(self, name: str, *, there: bool, what: str) -> None:
        self.faults[name] = Fault(name, there, what)

    def _size(self, file: File) -> int:
        return (self.log.shelf.root / name_of(*file)).stat().st_size

    def _stamp(self) -> Stamp:
        """Changes whenever the log does: times of its folders, and the length of its last file."""
        root = self.log.shelf.root / LOG
        try:
            generation = max((each.name for each in os.scandir(root) if each.is_dir()), default="")
            folder = root / generation
            last = max((each.name for each in os.scandir(folder) if each.name.endswith(".log")), default="")
            return root.stat().st_mtime_ns, folder.stat().st_mtime_ns, (folder / last).stat().st_size
        except OSError:
            return ()
