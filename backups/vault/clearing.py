"""Clears a vault elsewhere of what is past its time (B8): manifests first, then the packs nobody needs any more.

Killed at any time, what is listed there is whole: a pack goes only when no manifest names it. What is locked stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault import copies, tidiness
from backups.vault import manifest as manifests
from backups.vault.copies import identifiers, manifest_name
from backups.vault.entries import Entry, Listing
from backups.vault.keys import Keyring
from backups.vault.lines import PACKS
from backups.vault.shelf import Shelf
from backups.vault.store import BACKUPS


class Clearable(Shelf, Listing, Protocol):
    """A shelf that can be counted and cleared."""


@dataclass
class Cleared:
    """What went, or would go: backups by name, packs and files of the log, and the bytes of all; how many files are
    locked and stay; whether time ran out before the end; and why something that might go stays, in sentences."""

    backups: list[str] = field(default_factory=list)
    packs: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    bytes: int = 0
    locked: int = 0
    more: bool = False
    stays: list[str] = field(default_factory=list)


@dataclass
class Clearing:
    """Clears `target` of the backups in `going`, which are past their time, where `source` is the vault here.

    `before` (s since 1970): nothing that came there later goes, whatever it is, for somebody else may be copying.
    `guard` is called before anything is removed and may raise; with `dry` nothing is.
    """

    target: Clearable
    source: Shelf
    keys: Keyring
    going: set[str]
    before: float
    guard: Callable[[], None] = lambda: None
    dry: bool = False
    done: Cleared = field(default_factory=Cleared)

    def run(self) -> Cleared:
        """Clear. Raises NotAllowed where the credentials may not remove; what went is in `done`."""
        there = {entry.name: entry for entry in self.target.below(BACKUPS)}
        listed = sorted(name for name in (_identifier(each) for each in there) if name)
        stay = set(listed)
        for name in listed[:-1]:  # the newest one stays whatever is said
            if name in self.going and self._old(there[manifest_name(name)]) and self._go(there[manifest_name(name)]):
                self.done.backups.append(name)
                stay.discard(name)
        self._sweep(stay)
        return self.done

    def clear_parts(self, parts: list[Entry]) -> None:
        """Let these files of the log go as well."""
        for entry in parts:
            if self._old(entry) and self._go(entry):
                self.done.parts.append(entry.name)

    def _sweep(self, stay: set[str]) -> None:
        packs = [entry for entry in self.target.below(PACKS) if tidiness.is_pack(entry.name.removeprefix(f"{PACKS}/"))]
        try:
            needed = set(self._needed(stay))
        except (BackupDamaged, KeyUnusable) as error:
            self.done.stays.append(f"No pack goes, for what is needed is not known: {error.message}")
            return
        for entry in packs:
            digest = entry.name.rpartition("/")[2].removesuffix(".pack")
            if digest not in needed and self._old(entry) and self._go(entry):
                self.done.packs.append(entry.name)

    def _needed(self, stay: set[str]) -> Iterator[str]:
        """The packs of every backup there, and of every one here: those may be on their way. Raises BackupDamaged or
        KeyUnusable where one cannot be read and proven."""
        here = set(identifiers(self.source))
        for identifier in sorted(here | stay):
            packs = self._packs(self.source, identifier) if identifier in here else None
            if packs is None and identifier in stay:  # only there, or discarded here just now
                packs = self._packs(self.target, identifier)
            yield from packs or ()

    def _packs(self, shelf: Shelf, identifier: str) -> list[str] | None:
        """The packs a signed manifest names; None where there is none."""
        try:
            data = copies.read(shelf, manifest_name(identifier))
            return manifests.loads(data.decode(), self.keys).packs
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise BackupDamaged(f"The manifest of {identifier} cannot be read.") from None

    def _old(self, entry: Entry) -> bool:
        return entry.modified < self.before

    def _go(self, entry: Entry) -> bool:
        self.guard()
        if not self.dry and not self.target.release(entry.name):
            self.done.locked += 1
            return False
        self.done.bytes += entry.size
        return True


def _identifier(name: str) -> str:
    """The backup whose manifest that is; empty where it is none."""
    stem = name.removeprefix(f"{BACKUPS}/").removesuffix(".json")
    return stem if name == manifest_name(stem) and tidiness.IDENTIFIER.fullmatch(stem) else ""
