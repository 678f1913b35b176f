"""`python -m tests.machine.scratch`: the folder for the tests' files.

In memory, where there is plenty of it: the files live seconds, the disk is not what is tested, and thousands of fsyncs
of three processes wait for each other there. Whoever sets TMPDIR decides.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 12 * 2**30


def choose(memory: Path = MEMORY) -> Path:
    """A folder of our own in memory; the system's temporary folder where that is small or runs no programs."""
    if "TMPDIR" in os.environ or not _roomy(memory):
        return Path(tempfile.gettempdir())
    folder = memory / f"smsops-tests-{os.geteuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def _roomy(memory: Path) -> bool:
    if not memory.is_dir() or not os.access(memory, os.W_OK) or os.statvfs(memory).f_flag & os.ST_NOEXEC:
        return False
    available = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    return min(shutil.disk_usage(memory).free, int(available.split()[1]) * 1024) > ENOUGH


if __name__ == "__main__":
    print(choose())
