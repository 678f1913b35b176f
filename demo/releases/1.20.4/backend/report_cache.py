"""Class reports kept ready in memory, refreshed in the background."""

from __future__ import annotations

import logging
import os
import signal
import threading

REPORT_BYTES = 64 * 1024 * 1024
REFRESH_SECONDS = 0.05
FIRST_REFRESH_SECONDS = 1
# This release exists to run out of memory. It does so at 4 GB or at half of what is free, whichever comes
# first, so that the machine it runs on never does.
MOST_BYTES = 4 * 1024**3

log = logging.getLogger("sms.reports")
_reports: list[bytes] = []


def keep_ready() -> None:
    """Refresh the reports for as long as the application runs."""
    threading.Thread(target=_refresh, name="reports", daemon=True).start()


def _refresh() -> None:
    pause, ceiling = threading.Event(), min(MOST_BYTES, _free_bytes() // 2)
    pause.wait(FIRST_REFRESH_SECONDS)
    try:
        while len(_reports) * REPORT_BYTES < ceiling:
            # The previous reports should go when the new ones come; nobody takes them out.
            _reports.append(b"\x01" * REPORT_BYTES)
            pause.wait(REFRESH_SECONDS)
    except MemoryError:
        log.error("MemoryError: out of memory with %s reports in the cache", len(_reports))
    _die()


def _die() -> None:
    """End as the kernel's out-of-memory killer would; process 1 of a container is immune to its own SIGKILL."""
    os.kill(os.getpid(), signal.SIGKILL)
    os._exit(128 + signal.SIGKILL)


def _free_bytes() -> int:
    """What the kernel could give, what it keeps of files for nobody in particular included."""
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:")) * 1024
