"""Streams between who writes and who reads: nothing lies on the disk in between."""

from __future__ import annotations

import contextlib
import os
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from backups.errors import BackupDamaged
from smsops.errors import OpsError


@contextlib.contextmanager
def folder_as_tar(folder: Path) -> Iterator[BinaryIO]:
    """The folder as a stream of a tar archive."""
    end, begin = os.pipe()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with os.fdopen(begin, "wb") as file, tarfile.open(fileobj=file, mode="w|") as tar:
                tar.add(folder, arcname=".")
        except BaseException as error:  # told by the reader
            failed.append(error)

    writer = threading.Thread(target=work, daemon=True)
    writer.start()
    with os.fdopen(end, "rb") as stream:
        yield stream
    writer.join()
    if failed:
        raise OpsError(f"The base backup cannot be packed: {failed[0]}.")


@contextlib.contextmanager
def pieces_as_file(pieces: Iterator[bytes]) -> Iterator[BinaryIO]:
    """The pieces as a stream to read from; what goes wrong with them is told."""
    end, begin = os.pipe()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with os.fdopen(begin, "wb") as file:
                for piece in pieces:
                    file.write(piece)
        except BaseException as error:  # told by the reader
            failed.append(error)

    writer = threading.Thread(target=work, daemon=True)
    writer.start()
    try:
        with os.fdopen(end, "rb") as stream:
            yield stream
    except BackupDamaged:
        writer.join()
        raise failed[0] if failed else BackupDamaged("The base backup cannot be unpacked.") from None
    writer.join()
    if failed and not isinstance(failed[0], BrokenPipeError):
        raise failed[0]
