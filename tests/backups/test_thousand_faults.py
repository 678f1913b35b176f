"""A thousand faults in packs, manifests and keys: each is noticed, and each time there is a good backup to restore."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from backups.vault.keys import CURRENT
from backups.vault.replication import replicate
from backups.vault.rescue import rescue
from backups.vault.shelf import FolderShelf
from smsops.errors import OpsError
from tests.backups.books import Book
from tests.backups.test_lines import depends

FAULTS, SEED = 1000, 20260301


class School(Book):
    """A vault with two lines of backups under two keys, its replica in another folder, and an escrow file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, blocks=12)
        for number in range(8):
            if number == 4:
                self.lose_images()
                self.rotate()
            self.change()
            self.add()
        self.replica, self.escrow = FolderShelf(folder / "replica"), folder / "escrow.json"
        assert replicate(self.vault.shelf, self.replica, self.vault.keys, folder / "work").behind == []
        self.vault.keys.export(self.escrow)
        self.needs = {name: depends(self, name) for name in self.states}
        self.files = sorted({*set().union(*self.needs.values()), self.vault.keys.folder / CURRENT})

    def notices(self, path: Path) -> bool:
        """Whether reading the newest backup that needs the file, or a look through the vault, tells of it."""
        try:
            newest = max((name for name, needs in self.needs.items() if path in needs), default="")
            return bool(self.vault.complaints()) or bool(newest and not self.right(newest))
        except OpsError:
            return True

    def comes_back(self, path: Path) -> bool:
        """Whether an older backup, one that does not need the file, is what it was; or the replica's copy."""
        older = [name for name, needs in self.needs.items() if path not in needs]
        if older and self.random.random() < 0.5:
            return self.right(self.random.choice(older))
        if path.parent == self.vault.keys.folder:
            self.vault.keys.load(self.escrow)
        name = self.random.choice(sorted(self.needs))
        rescue(self.replica, self.vault.shelf, name, self.vault.keys)
        return self.right(name)


def harm(random: Random, good: bytes) -> bytes:
    """Another byte somewhere, or the end cut off."""
    at = random.randrange(len(good))
    return good[:at] + (bytes([good[at] ^ random.randrange(1, 256)]) + good[at + 1 :] if random.random() < 0.7 else b"")


@pytest.mark.slow
def test_a_thousand_faults_are_noticed_and_each_time_a_good_backup_comes_back(tmp_path: Path) -> None:
    school, random = School(tmp_path), Random(SEED)
    print(f"seed {SEED}")
    noticed = restored = 0
    for _ in range(FAULTS):
        path = random.choice(school.files)
        good = path.read_bytes()
        path.write_bytes(harm(random, good))
        noticed += school.notices(path)
        restored += school.comes_back(path)
        path.write_bytes(good)
    assert (noticed, restored) == (FAULTS, FAULTS)
    assert school.vault.complaints() == []
