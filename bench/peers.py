"""restic and borg, as Debian has them: what the vault is measured against. They only store; they check nothing.

Each has a repository of its own, encrypted like the vault. They are installed when the bench runs, never for the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.machine import parts

PARTS = (parts.Part("restic", "restic", ""), parts.Part("borg", "borgbackup", ""))
FILE = "snapshot.db"  # the name under which a peer sees every snapshot


def install() -> None:
    """See to it that both are here; ends the bench in a sentence when they cannot be."""
    lacking = [part for part in PARTS if not part.here]
    if lacking and parts.can_install():
        print(f"Installing {', '.join(part.package for part in lacking)} …", flush=True)
        parts.install(lacking)
    if missing := [part.package for part in PARTS if not part.here]:
        sys.exit(f"The bench of backups needs the Debian packages {' and '.join(missing)}.")


@dataclass
class Peer:
    """A repository below `folder`. `init`, `store` and `restore` are words of a command; `{n}` is a running number."""

    name: str
    folder: Path
    init: list[str]
    store_words: list[str]
    restore_words: list[str]
    number: int = 0
    sizes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "out").mkdir(parents=True)
        self._run(self.init, self.folder)

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    def store(self, snapshot: Path) -> None:
        """Store a snapshot: the command, from its start to its end."""
        self.number += 1
        self._run(self.store_words, snapshot.parent)

    def weigh(self) -> None:
        """Note the bytes of the repository after its newest snapshot, once."""
        if len(self.sizes) < self.number:
            self.sizes.append(self._size())

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self.repository.rglob("*") if path.is_file())

    def restore(self) -> Path:
        """Bring the newest one back; return the file."""
        self._run(self.restore_words, self.folder / "out")
        return self.folder / "out" / FILE

    def _run(self, words: list[str], folder: Path) -> None:
        own = {"RESTIC_CACHE_DIR": f"{self.folder}/cache", "BORG_BASE_DIR": f"{self.folder}/base"}
        env = {**os.environ, **own, "RESTIC_PASSWORD": "bench", "BORG_PASSPHRASE": "bench"}
        command = [word.format(repository=self.repository, n=self.number) for word in words]
        subprocess.run(command, check=True, cwd=folder, env=env, capture_output=True)


def restic(folder: Path) -> Peer:
    """restic as it is out of the box."""
    words = ["restic", "-q", "-r", "{repository}"]
    store, back = [*words, "backup", FILE], [*words, "restore", "latest", "--target", "."]
    return Peer("restic", folder / "restic", [*words, "init"], store, back)


def borg(folder: Path, *options: str, name: str = "borg") -> Peer:
    """borg with its default chunks and compression, or with other options of `borg create`."""
    init = ["borg", "init", "-e", "repokey-blake2", "{repository}"]
    store = ["borg", "create", *options, "{repository}::{n}", FILE]
    return Peer(name, folder / name.replace(" ", "-"), init, store, ["borg", "extract", "{repository}::{n}"])


def tuned_borg(folder: Path) -> Peer:
    """borg told what a page is, and to compress as the vault does."""
    return borg(folder, "--compression", "zstd,3", "--chunker-params", "fixed,4096", name="borg 4 KiB")
