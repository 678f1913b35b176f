"""Writes a bundle: a tar packed with zstd, one frame per file, its manifest last."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from incidents.bundles import chain
from smsops.errors import OpsError

LEVEL = 6


@dataclass
class Contents:
    """What goes into a bundle: texts by name, files by name with the digest they must have, and what is left out."""

    number: int
    environment: str
    made_at: str
    texts: dict[str, str]
    files: dict[str, tuple[Path, str]]
    left_out: list[dict[str, Any]] = field(default_factory=list)


def write(contents: Contents, target: Path) -> str:
    """Write it to the new file `target`, which appears whole or not at all; return the last link of its chain.

    OpsError when the file is there already or cannot be written, or when a piece is not what was taken.
    """
    if target.exists():
        raise OpsError(f"{target} exists already; nothing is written over.")
    private = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            head = _Writer(out).write(contents)
            out.flush()
            os.fsync(out.fileno())
        os.link(private, target)
    except OSError as error:
        raise OpsError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        private.unlink(missing_ok=True)
    return head


class _Writer:
    def __init__(self, out: Any) -> None:
        self.packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).stream_writer(out, closefd=False)
        self.tar = tarfile.open(fileobj=self.packed, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.entries: list[dict[str, Any]] = []
        self.last = ""

    def write(self, contents: Contents) -> str:
        self.last = chain.begin(contents.number, contents.environment, contents.made_at)
        for name, text in contents.texts.items():
            self._add(name, io.BytesIO(text.encode()), len(text.encode()))
        for name, (path, digest) in contents.files.items():
            with path.open("rb") as file:
                self._add(name, file, path.stat().st_size)
            if self.entries[-1]["sha256"] != digest:
                raise OpsError(f"{name} is not what was taken: its digest is another one.")
        self._end(contents)
        return self.last

    def _add(self, name: str, source: Any, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        counted = _Counted(source)
        self.tar.addfile(info, counted)
        self.packed.flush(zstandard.FLUSH_FRAME)
        self.last = chain.link(self.last, name, size, counted.digest)
        self.entries.append({"name": name, "size": size, "sha256": counted.digest, "chain": self.last})

    def _end(self, contents: Contents) -> None:
        manifest = {
            "format": chain.FORMAT, "incident": contents.number, "environment": contents.environment,
            "made_at": contents.made_at, "entries": self.entries, "left_out": contents.left_out, "head": self.last,
        }  # fmt: skip
        text, head = json.dumps(manifest, indent=1).encode(), self.last
        self._add(chain.MANIFEST, io.BytesIO(text), len(text))
        self.last = head
        self.tar.close()
        self.packed.close()  # type: ignore[no-untyped-call]


class _Counted:
    """A stream that is digested while it is read."""

    def __init__(self, source: Any) -> None:
        self.source, self._sum = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.source.read(size)
        self._sum.update(data)
        return data

    @property
    def digest(self) -> str:
        return self._sum.hexdigest()
