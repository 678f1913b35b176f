"""`python -m bench.memory SIZE`: take one backup as a worker does and print the peak resident memory in MB."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import django


def main(name: str) -> None:
    django.setup()
    import smsops.celery  # noqa: F401  what a worker has loaded
    from bench.backups import Trial

    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
        Trial(Path(folder), name).back_up()
    print(_peak())


def _peak() -> float:
    """The kernel's own high-water mark; getrusage would also count what the parent had before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    main(sys.argv[1])
