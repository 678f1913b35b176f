"""What the packs of a backup bring, opened ahead in a thread of its own (B4)."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from backups.errors import BackupDamaged
from backups.vault import packs
from backups.vault.keys import Keyring
from backups.vault.lines import pack_name
from backups.vault.shelf import FolderShelf

AHEAD = 3  # segments opened before their turn, and as many that are being unpacked: they bound the memory


@dataclass(frozen=True)
class Piece:
    """What a pack brings next: some blocks; behind its last ones `size`, that of the whole file. A `delta` was packed
    against what the packs before it made."""

    pack: str
    delta: bool
    segment: packs.Segment | None = None
    size: int = 0


def pieces(shelf: FolderShelf, keys: Keyring, names: Sequence[str]) -> Iterator[Piece]:
    """Everything in these packs, in order, some of it opened before it is asked for. BackupDamaged, naming the pack, at
    the first that is missing or not what was stored."""
    opened = _opened(shelf, keys, names)
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = deque(pool.submit(next, opened, None) for _ in range(AHEAD))
        while (piece := coming.popleft().result()) is not None:
            coming.append(pool.submit(next, opened, None))
            yield piece


def _opened(shelf: FolderShelf, keys: Keyring, names: Sequence[str]) -> Iterator[Piece]:
    for digest in names:
        with blaming(digest, shelf), shelf.open(pack_name(digest)) as file:
            reader = packs.Reader(file, digest, keys)
            delta = bool(reader.header.parent)
            for segment in reader.segments():
                yield Piece(digest, delta, segment)
            yield Piece(digest, delta, size=reader.header.size)  # the next one was packed against a file of this size


@contextlib.contextmanager
def blaming(digest: str, shelf: FolderShelf | None = None) -> Iterator[None]:
    """Say which pack it was."""
    try:
        yield
    except FileNotFoundError:
        place = f" from the vault {shelf.root}" if shelf is not None else ""
        raise BackupDamaged(f"the pack {digest[:16]}… is missing{place}.", pack=digest) from None
    except BackupDamaged as error:
        raise BackupDamaged(error.message, pack=digest) from None
