"""A SHA-256 that is computed beside other work: hashing one chunk while the next is being compressed or unpacked."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class SideHash:
    """Feed it chunks in order; at most two are under way, so memory stays bounded."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sha256")
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def update(self, chunk: bytes) -> None:
        """Take the next chunk; waits for the one before it."""
        if self._last is not None:
            self._last.result()
        self._last = self._pool.submit(self._digest.update, chunk)

    def hexdigest(self) -> str:
        """The digest of all chunks so far."""
        if self._last is not None:
            self._last.result()
        return self._digest.hexdigest()
