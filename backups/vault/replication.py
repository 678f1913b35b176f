"""Copies a vault to another shelf (B8).

Packs go first and the manifest last, so a backup that is listed there is whole. Nothing there is written over or
removed, and everything may be killed at any time and run again: what has arrived is not sent twice.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault import copies
from backups.vault import manifest as manifests
from backups.vault.copies import Remote, Tray, digest_on, manifest_name, packs_of, size_on
from backups.vault.keys import Keyring
from backups.vault.lines import pack_name
from backups.vault.shelf import Shelf


@dataclass(frozen=True)
class Sampling:
    """What is read back and hashed: every new manifest, one in `packs` new packs, and `older` files of those that were
    there before. `turn` says whose turn it is among the older ones: count it up, and all get theirs. Without `reads`
    nothing is read, for credentials that may only list and write: then lengths alone are compared."""

    packs: int = 10
    older: int = 10
    turn: int = 0
    reads: bool = True


USUAL = Sampling()


@dataclass(frozen=True)
class Fault:
    """A file that is missing or damaged, and on which side. `name` as on the shelf."""

    name: str
    there: bool
    what: str

    def __str__(self) -> str:
        return f"{self.name} {self.what} {'in the replica' if self.there else 'in the vault'}."


@dataclass
class Report:
    """What became of a replication: files copied, files read back and found right, bytes sent, backups not there yet
    (oldest first), and whatever is damaged or missing on either side."""

    copied: int = 0
    verified: int = 0
    bytes: int = 0
    behind: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def oldest_missing(self) -> str:
        """The oldest backup that is not there yet; empty when none is missing."""
        return self.behind[0] if self.behind else ""


def behind(source: Shelf, target: Shelf) -> list[str]:
    """The backups that are on `source` and not yet on `target`, oldest first."""
    there = set(copies.identifiers(target))
    return [identifier for identifier in copies.identifiers(source) if identifier not in there]


def replicate(
    source: Shelf,
    target: Shelf,
    keys: Keyring,
    work: Path,
    sampling: Sampling = USUAL,
    *,
    seconds: float = math.inf,
) -> Report:
    """Copy to `target` what it lacks of `source`, oldest backup first; begin no further file after `seconds`.

    `work` is a folder for files under way to this target, used by nobody else. Raises OpsError when either side cannot
    be reached or refuses; what was copied by then stays. Not to be run while the vault collects.

    Damage is no error but a fault in the report, and the backups concerned stay behind: a backup that is not whole and
    signed here is not sent, and nothing that is damaged there is taken for good or written over.
    """
    return Replication(source, target, keys, Tray(target, work), sampling, time.monotonic() + seconds).run()


class OutOfTime(Exception):
    """The time for this replication is over."""


@dataclass
class Replication:
    """One replication under way; `known` are the packs that are there, or the fault that keeps them from being so."""

    source: Shelf
    target: Shelf
    keys: Keyring
    tray: Tray
    sampling: Sampling
    deadline: float
    report: Report = field(default_factory=Report)
    known: dict[str, Fault | None] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)

    def run(self) -> Report:
        missing = behind(self.source, self.target)
        arrived: set[str] = set()
        try:
            for identifier in missing:
                if self._backup(identifier):
                    arrived.add(identifier)
            self._look_at_older()
        except OutOfTime:
            pass  # no fault: what is not there yet is told as behind, and the next replication goes on with it
        self.report.behind = [identifier for identifier in missing if identifier not in arrived]
        return self.report

    def _in_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise OutOfTime

    def _fault(self, name: str, *, there: bool, what: str) -> Fault:
        fault = Fault(name, there, what)
        if fault not in self.report.faults:
            self.report.faults.append(fault)
        return fault

    def _backup(self, identifier: str) -> bool:
        """Copy one backup; whether it is there now, whole."""
        name = manifest_name(identifier)
        data = self._signed(name)
        if data is None:
            return False
        wanted = packs_of(data)
        faults = [self._pack(pack) for pack in wanted]  # all of them, so that every damaged one is named
        if any(faults):
            return False
        self._in_time()
        return self._manifest(name, data)

    def _signed(self, name: str) -> bytes | None:
        """A manifest of the source; None, and a fault, when it is not whole and signed."""
        try:
            data = copies.read(self.source, name)
            manifests.loads(data.decode(), self.keys)
        except FileNotFoundError:  # discarded just now
            return None
        except (BackupDamaged, UnicodeDecodeError):
            self._fault(name, there=False, what="is damaged")
            return None
        except KeyUnusable:
            self._fault(name, there=False, what="was signed with a key that is missing")
            return None
        return data

    def _manifest(self, name: str, data: bytes) -> bool:
        copy = self.tray.fetch(self.source, name)
        try:
            if copy.digest != hashlib.sha256(data).hexdigest():
                return False  # changed under our hands; next time
            self._send(name, copy)
        finally:
            copy.path.unlink(missing_ok=True)
        return self._same(name, copy.digest)

    def _pack(self, digest: str) -> Fault | None:
        """See to it that a pack is there and stays; the fault that keeps it from being there."""
        if digest not in self.known:
            self._in_time()
            self.known[digest] = self._bring(digest)
        return self.known[digest]

    def _bring(self, digest: str) -> Fault | None:
        name = pack_name(digest)
        there = size_on(self.target, name)
        if there is not None:
            here = size_on(self.source, name)
            if here not in (None, there) and not self._same(name, digest):  # one of the two is right
                return self._faulty(name)
            if isinstance(self.target, Remote):
                self.target.prolong(name)
            return None
        try:
            copy = self.tray.fetch_pack(self.source, digest)
        except BackupDamaged as error:
            what = "is missing" if "missing" in error.message else "is damaged"
            return self._fault(name, there=False, what=what)
        try:
            self._send(name, copy)
        finally:
            copy.path.unlink(missing_ok=True)
        if int(digest[:8], 16) % max(1, self.sampling.packs) == 0:
            self._same(name, digest)
        return self._faulty(name)

    def _send(self, name: str, copy: copies.Copy) -> None:
        self.target.put(name, copy.path)
        self.fresh.add(name)
        self.report.copied += 1
        self.report.bytes += copy.size
        if size_on(self.target, name) != copy.size:
            self._fault(name, there=True, what="has another length")

    def _faulty(self, name: str) -> Fault | None:
        return next((fault for fault in self.report.faults if fault.name == name and fault.there), None)

    def _same(self, name: str, digest: str) -> bool:
        """Read a file back; whether it is there as it was sent, as far as may be read."""
        if not self.sampling.reads:
            return self._as_long(name)
        found = digest_on(self.target, name)
        if found == digest:
            self.report.verified += 1
            return True
        self._fault(name, there=True, what="is missing" if found is None else "is damaged")
        return False

    def _as_long(self, name: str) -> bool:
        """Whether a file has the same length on both sides."""
        there = size_on(self.target, name)
        if there is not None and there == size_on(self.source, name):
            return True
        self._fault(name, there=True, what="is missing" if there is None else "has another length")
        return False

    def _look_at_older(self) -> None:
        """Read back those older files whose turn it is. A pack that got lost there is copied once more."""
        older = sorted(self._older())
        count = min(self.sampling.older, len(older))
        first = self.sampling.turn * count
        for at in range(first, first + count):
            self._in_time()
            name = older[at % len(older)]
            digest = self._digest_of(name)
            if digest and not self._same(name, digest) and size_on(self.target, name) is None:
                self._mend(name)

    def _older(self) -> Iterator[str]:
        """Names of the files that should be there since earlier, as the manifests here tell."""
        there = set(copies.identifiers(self.target))
        packs: set[str] = set()
        for identifier in copies.identifiers(self.source):
            name = manifest_name(identifier)
            if identifier in there and name not in self.fresh:
                yield name
                packs |= self._packs_of(name)
        yield from {pack_name(pack) for pack in packs} - self.fresh

    def _packs_of(self, name: str) -> set[str]:
        try:
            return set(packs_of(copies.read(self.source, name)))
        except (BackupDamaged, FileNotFoundError):
            return set()

    def _digest_of(self, name: str) -> str | None:
        """What a file should hash to; None where that is not known here any more."""
        stem = Path(name).name.partition(".")[0]
        if name == pack_name(stem):
            return stem
        data = self._signed(name)
        return hashlib.sha256(data).hexdigest() if data is not None else None

    def _mend(self, name: str) -> None:
        digest = Path(name).name.removesuffix(".pack")
        if name == pack_name(digest):
            self.known.pop(digest, None)
            self._pack(digest)
