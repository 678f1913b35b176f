"""Which parts of a log are on a shelf elsewhere, as their names tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from backups.vault.shelf import Shelf
from backups.wal.log import GENERATION, LOG
from backups.wal.parts import File, Part, folder_of, parsed


@dataclass
class Stock:
    """The parts on a shelf; every folder is listed once, when it is first asked for."""

    shelf: Shelf
    _known: dict[str, dict[int, list[Part]]] = field(default_factory=dict)

    def generations(self) -> list[str]:
        """All generations that have parts there, oldest first."""
        return [name for name in self.shelf.names(LOG) if GENERATION.fullmatch(name)]

    def of(self, generation: str, number: int) -> list[Part]:
        """The parts of a file."""
        return self._in(generation, folder_of(generation, number)).get(number, [])

    def add(self, part: Part) -> None:
        """Note one that was just sent."""
        folder = self._in(part.generation, folder_of(part.generation, part.number))
        folder.setdefault(part.number, []).append(part)

    def known(self) -> list[Part]:
        """All parts in the folders that were asked for so far, in order of their names."""
        listed = [part for folder in self._known.values() for parts in folder.values() for part in parts]
        return sorted(listed, key=lambda part: part.name)

    def backwards(self) -> Iterator[tuple[File, list[Part]]]:
        """Every file with its parts, newest first; no more is listed than is asked for."""
        for generation in reversed(self.generations()):
            for block in reversed(self.shelf.names(f"{LOG}/{generation}")):
                folder = self._in(generation, f"{LOG}/{generation}/{block}")
                for number in sorted(folder, reverse=True):
                    yield (generation, number), folder[number]

    def _in(self, generation: str, folder: str) -> dict[int, list[Part]]:
        if folder not in self._known:
            found: dict[int, list[Part]] = defaultdict(list)
            for name in self.shelf.names(folder):
                if part := parsed(generation, name):
                    found[part.number].append(part)
            self._known[folder] = dict(found)
        return self._known[folder]
