"""`python -m bench.memory SIZE ACT`: back up or restore as a worker does and print the peak resident memory in MB."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import django


def peak(size: str, act: str) -> float:
    """Peak resident memory, in MB, of a process that loads smsops as a worker does and then does `act` once."""
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
        said = ""
        for each in ["backup", "restore"] if act == "restore" else [act]:  # a restore needs one made by another process
            command = [sys.executable, "-m", "bench.memory", size, each, folder]
            said = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    return float(said.split()[-1])


def main(size: str, act: str, folder: Path) -> None:
    django.setup()
    import smsops.celery  # noqa: F401  what a worker has loaded
    from bench.trial import Trial

    trial = Trial(folder, size)
    if act == "backup":
        trial.back_up()
    else:
        trial.restore(trial.vault.identifiers()[-1])
    print(_high_water())


def _high_water() -> float:
    """The kernel's own mark; getrusage would also count what the parent had before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
