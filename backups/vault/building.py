"""Builds a backup's file again, from its packs (B3), on two cores.

Packs are read, digested and opened ahead in a thread of their own. The segments of one pack need nothing of each other,
so they are unpacked side by side, with the blocks that the packs before left in the file.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from backups.errors import BackupDamaged
from backups.vault.blocks import Digests, Image
from backups.vault.canvas import Canvas
from backups.vault.keys import Keyring
from backups.vault.manifest import Manifest
from backups.vault.pieces import AHEAD, Piece, blaming, pieces
from backups.vault.shelf import FolderShelf


def build(shelf: FolderShelf, keys: Keyring, manifest: Manifest, target: Path, beside: Callable[[], object]) -> None:
    """Build the file at `target`, every block checked and synced; `beside` is called when everything is in it, while it
    is digested and synced. BackupDamaged when anything is not what was stored; then there is no file."""
    target.unlink(missing_ok=True)
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        canvas = Canvas(handle, manifest.block)
        _fill(canvas, pieces(shelf, keys, manifest.packs))
        canvas.finish(manifest.size)
        _prove(target, handle, manifest, beside)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _fill(canvas: Canvas, coming: Iterator[Piece]) -> None:
    """Put everything into the file, one pack after the other."""
    unpacking: deque[tuple[Piece, Future[bytes]]] = deque()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for piece in coming:
            if piece.segment is not None:
                old = canvas.old(piece.segment.numbers) if piece.delta else b""
                unpacking.append((piece, pool.submit(piece.segment.blocks, canvas.block, old)))
            while unpacking and (len(unpacking) > AHEAD or piece.segment is None):
                _paint(canvas, *unpacking.popleft())
            if piece.segment is None:
                canvas.resize(piece.size)


def _paint(canvas: Canvas, piece: Piece, unpacked: Future[bytes]) -> None:
    assert piece.segment is not None
    with blaming(piece.pack):
        canvas.paint(piece.segment.numbers, unpacked.result(), again=piece.delta)


def _prove(target: Path, handle: int, manifest: Manifest, beside: Callable[[], object]) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool, Image(target, manifest.block) as image:
        others: list[Future[object]] = [pool.submit(beside)]
        others.append(pool.submit(os.fsync, handle))  # nobody waits for the disk
        if Digests.of(image).root(image.size, image.block) != manifest.root:
            raise BackupDamaged("its blocks are not those it had.")
        for other in others:
            other.result()
