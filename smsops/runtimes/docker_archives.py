"""Reads a tar that `docker save` wrote, and hands it on with one tag of our own instead of those it brings.

A tag in such a file would silently be taken from the image that has it now (sms-contract, surprise 6).
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smsops.errors import OpsError

MANIFEST = "manifest.json"
OTHER_LISTS = frozenset({"repositories", "index.json", "oci-layout"})  # they name tags as well
PIECE = 1024 * 1024
LONGEST = 4 * 1024 * 1024  # bytes of a manifest


@dataclass(frozen=True)
class Saved:
    """The one image of a file: its tags, and the manifest that names its parts."""

    tags: tuple[str, ...]
    manifest: dict[str, Any]


def read(file: Path) -> Saved:
    """What is in the file. OpsError when it is no such tar, or holds another number of images than one."""
    with _opened(file) as tar:
        entries = _entries(file, tar)
    if len(entries) != 1:
        raise OpsError(f"{file} holds {len(entries)} images; save one alone.")
    return Saved(tuple(entries[0].get("RepoTags") or ()), entries[0])


def retagged(file: Path, name: str, guard: Callable[[], None]) -> Iterator[bytes]:
    """The file's bytes, with `name` as the image's only tag; `guard` is called before each piece and may raise."""
    manifest = json.dumps([{**read(file).manifest, "RepoTags": [name]}]).encode()
    with _opened(file) as tar:
        for member in tar:
            if member.name in OTHER_LISTS:
                continue
            content = tar.extractfile(member) if member.isfile() else None
            if member.name == MANIFEST:
                member, content = copy.copy(member), io.BytesIO(manifest)
                member.size = len(manifest)
            yield member.tobuf(tarfile.GNU_FORMAT)
            while content is not None and (piece := content.read(PIECE)):
                guard()
                yield piece
            yield bytes(-member.size % tarfile.BLOCKSIZE if content is not None else 0)
    yield bytes(2 * tarfile.BLOCKSIZE)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file) as tar:
            yield tar
    except (tarfile.TarError, EOFError, OSError) as error:
        reason = getattr(error, "strerror", None) or "it is not a whole tar file"
        raise OpsError(f"{file} cannot be read: {reason}.") from error


def _entries(file: Path, tar: tarfile.TarFile) -> list[dict[str, Any]]:
    try:
        member = tar.extractfile(MANIFEST)
        found = json.loads(member.read(LONGEST)) if member is not None else None
    except (KeyError, ValueError):
        found = None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise OpsError(f"{file} is not what “docker save” writes: it has no readable {MANIFEST}.")
    return found
