"""Builds a backup's file again, from its packs (B3), on two cores.

Packs are read, digested and opened ahead in a thread of their own. The segments of one pack need nothing of each other,
so they are unpacked side by side, with the blocks that the packs before left in the file.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from backups.errors import BackupDamaged
from backups.vault import packs
from backups.vault.blocks import Digests, Image
from backups.vault.canvas import Canvas
from backups.vault.keys import Keyring
from backups.vault.lines import pack_name
from backups.vault.manifest import Manifest
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


def build(shelf: FolderShelf, keys: Keyring, manifest: Manifest, target: Path, beside: Callable[[], object]) -> None:
    """Build the file at `target`, every block checked and synced; `beside` is called when everything is in it, while it
    is digested and synced. BackupDamaged when anything is not what was stored; then there is no file."""
    target.unlink(missing_ok=True)
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        canvas = Canvas(handle, manifest.block)
        _fill(canvas, _ahead(_pieces(shelf, keys, manifest.packs), AHEAD))
        canvas.finish(manifest.size)
        _prove(target, handle, manifest, beside)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _pieces(shelf: FolderShelf, keys: Keyring, names: Sequence[str]) -> Iterator[Piece]:
    for digest in names:
        with _blaming(digest, shelf), shelf.open(pack_name(digest)) as file:
            reader = packs.Reader(file, digest, keys)
            delta = bool(reader.header.parent)
            for segment in reader.segments():
                yield Piece(digest, delta, segment)
            yield Piece(digest, delta, size=reader.header.size)  # the next one was packed against a file of this size


def _fill(canvas: Canvas, pieces: Iterator[Piece]) -> None:
    """Put everything into the file, one pack after the other."""
    unpacking: deque[tuple[Piece, Future[bytes]]] = deque()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for piece in pieces:
            if piece.segment is not None:
                old = canvas.old(piece.segment.numbers) if piece.delta else b""
                unpacking.append((piece, pool.submit(piece.segment.blocks, canvas.block, old)))
            while unpacking and (len(unpacking) > AHEAD or piece.segment is None):
                _paint(canvas, *unpacking.popleft())
            if piece.segment is None:
                canvas.resize(piece.size)


def _paint(canvas: Canvas, piece: Piece, unpacked: Future[bytes]) -> None:
    assert piece.segment is not None
    with _blaming(piece.pack):
        canvas.paint(piece.segment.numbers, unpacked.result(), again=piece.delta)


def _prove(target: Path, handle: int, manifest: Manifest, beside: Callable[[], object]) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool, Image(target, manifest.block) as image:
        others: list[Future[object]] = [pool.submit(beside)]
        others.append(pool.submit(os.fsync, handle))  # nobody waits for the disk
        if Digests.of(image).root(image.size, image.block) != manifest.root:
            raise BackupDamaged("its blocks are not those it had.")
        for other in others:
            other.result()


@contextlib.contextmanager
def _blaming(digest: str, shelf: FolderShelf | None = None) -> Iterator[None]:
    """Say which pack it was."""
    try:
        yield
    except FileNotFoundError:
        place = f" from the vault {shelf.root}" if shelf is not None else ""
        raise BackupDamaged(f"the pack {digest[:16]}… is missing{place}.", pack=digest) from None
    except BackupDamaged as error:
        raise BackupDamaged(error.message, pack=digest) from None


def _ahead(pieces: Iterator[Piece], many: int) -> Iterator[Piece]:
    """The same pieces, `many` of them made before they are asked for."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = deque(pool.submit(next, pieces, None) for _ in range(many))
        while (piece := coming.popleft().result()) is not None:
            coming.append(pool.submit(next, pieces, None))
            yield piece
