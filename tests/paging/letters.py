"""A mail server in a process of its own, and what it has taken."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from incidents.models import Page

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Letters:
    """`port` is where it listens."""

    file: Path
    port: int

    def taken(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(self.file.read_text().split()) if self.file.exists() else Counter()

    def copies(self, pages: list[Page]) -> dict[int, int]:
        """How often each of the pages came."""
        taken = self.taken()
        return {page.pk: taken[f"<{page.key}.{page.due_at.timestamp():.0f}@smsops>"] for page in pages}


@contextlib.contextmanager
def counting(folder: Path) -> Iterator[Letters]:
    """The server, running."""
    file = folder / "letters"
    command = [sys.executable, "-m", "tests.paging.counting", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Letters(file, int(process.stdout.readline()))
        finally:
            process.kill()


def fair(pages: list[Page], copies: dict[int, int]) -> bool:
    """Whether all of them came, and only those twice that say so."""
    assert not [page.key for page in pages if copies[page.pk] == 0]
    assert not [page.key for page in pages if copies[page.pk] > 1 and not page.unsure]
    return True
