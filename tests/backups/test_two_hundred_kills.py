"""Two hundred times `kill -9` at a random moment of backing up, sweeping up, retention and replication."""

from __future__ import annotations

import os
import select
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from backups.vault.images import INDEX, Images
from backups.vault.remote import Site, opened
from backups.vault.replication import Sampling, replicate
from backups.vault.shelf import FolderShelf, Shelf
from backups.vault.store import Vault
from tests.backups.books import Book, digest_of, sweep

KILLS, FAR_KILLS, SEED = 180, 20, 20260301
FEW = Sampling(packs=4, older=2)


class Worker(Book):
    """Works on a vault; what goes in is written down before, where the next worker finds it."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder, seed)
        self.truth = folder / "truth"
        self.truth.mkdir()
        self.begin_replica("first")
        for _ in range(10):
            self.back_up()

    def begin_replica(self, name: str) -> None:
        self.replica = FolderShelf(self.folder / f"{name} replica")
        self.copy = Vault(self.replica, self.vault.keys, Images(self.folder / "no images"))

    def back_up(self) -> None:
        self.change()
        (self.truth / self.name()).write_bytes(self.content)
        self.add()

    def tidy(self) -> None:
        """As retention does: the oldest go, some between them as well."""
        listed = self.vault.identifiers()
        sweep(self, [*listed[:-12], *self.random.sample(listed[-12:-2], 1)])

    def replicate(self, target: Shelf | None = None) -> None:
        replicate(self.vault.shelf, target or self.replica, self.vault.keys, self.folder / "work", FEW)

    def work(self, seed: int) -> None:
        """Do one thing after the other, for ever."""
        self.random.seed(seed)
        acts: list[Callable[[], object]] = [self.back_up, self.tidy, self.vault.collect, self.replicate]
        while True:
            self.random.choices(acts, [6, 2, 1, 3])[0]()

    def recall(self) -> None:
        """Learn what went in, also through workers that are dead."""
        for path in self.truth.iterdir():
            self.states[path.name] = digest_of(path.read_bytes())
            path.unlink()

    def sound(self, names: list[str], copies: list[str]) -> bool:
        """Whether these backups, and these in the replica, are what went in."""
        for vault, listed in ((self.vault, names), (self.copy, copies)):
            for name in listed:
                assert vault.read(name, self.folder / "back").identifier == name
                assert digest_of((self.folder / "back").read_bytes()) == self.states[name]
        return True

    def clean(self) -> bool:
        """Sweep up once, here and there; whether nothing is left that no backup needs, and nothing strange."""
        self.back_up()
        self.replicate()
        images = {f"{each.root}.{kind}" for each in self.vault.images.kept() for kind in ("image", "digests")}
        assert {path.name for path in self.vault.images.folder.iterdir()} == {INDEX, *images}
        assert not self.vault.complaints() and not self.copy.complaints()
        return self.swept() and not list(self.replica.incoming().iterdir())


def kill_after(act: Callable[[], object], seconds: float) -> None:
    """Run `act` in another process and kill it so many seconds after it began."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(tell, b"!")
            act()
            os._exit(0)  # it was quicker than its killer
        finally:
            os._exit(1)  # never back into the tests
    os.read(told, 1)
    select.select([], [], [], seconds)  # the moment itself is the point: nothing is waited for
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) in (0, -signal.SIGKILL)
    os.close(told)
    os.close(tell)


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: a kill takes nothing from the kernel, so syncing proves nothing here."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="smsops-tests-") as folder:
        yield Path(folder)


@pytest.mark.slow
def test_after_every_kill_what_is_listed_is_good_and_one_sweep_leaves_nothing_else(fast: Path) -> None:
    worker, random = Worker(fast, SEED), Random(SEED)
    print(f"seed {SEED}")
    for number in range(KILLS):
        kill_after(lambda number=number: worker.work(number), random.uniform(0, 0.1))  # type: ignore[misc]
        worker.recall()
        listed, copied = worker.vault.identifiers(), worker.copy.identifiers()
        assert {*listed} | {*copied} <= {*worker.states}
        assert worker.sound(listed[-2:] + random.sample(listed, 1), random.sample(copied, min(2, len(copied))))
        if number % 4 == 3:  # what several killed ones left goes in one sweep
            assert worker.clean()
        if number % 20 == 19:
            assert worker.sound(worker.vault.identifiers(), worker.copy.identifiers())
            worker.begin_replica(str(number))


@pytest.mark.slow
def test_copies_to_s3_that_are_killed_list_nothing_half(tmp_path: Path, rclone_site: Site) -> None:
    worker, random = Worker(tmp_path, SEED), Random(SEED)
    with opened(replace(rclone_site, prefix="kills")) as target:
        target.names("backups")  # connected
        for _ in range(FAR_KILLS):
            worker.back_up()
            kill_after(lambda: worker.replicate(target), random.uniform(0, 0.06))
        worker.recall()
        for name in target.names("backups"):
            vault = Vault(target, worker.vault.keys, Images(tmp_path / "none"))  # type: ignore[arg-type]
            vault.read(name.removesuffix(".json"), tmp_path / "back")
            assert digest_of((tmp_path / "back").read_bytes()) == worker.states[name.removesuffix(".json")]
        worker.replicate(target)
        assert len(target.names("backups")) == len(worker.vault.identifiers())
