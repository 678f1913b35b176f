"""Who holds a lease, in a form that tells whether that process still lives.

Only a process on the same kernel and in the same process namespace can be judged; of any other the answer is “alive”,
and its lease ends by time. A number that was given to a new process is told apart by the start time.
"""

from __future__ import annotations

import os
import socket
import uuid
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=4)
def _here(pid: int) -> str:
    """The kernel and the process namespace this process lives in; empty where they cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        return f"{boot}.{Path('/proc/self/ns/pid').readlink().name.strip('pid:[]')}"
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """The start time of a process, as the kernel counts it; None when there is no such process, or only its corpse."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def me() -> str:
    """A name for this process and this claim: `host|namespace|pid|start|claim`."""
    pid = os.getpid()
    return f"{socket.gethostname()[:40]}|{_here(pid)}|{pid}|{_started(pid)}|{uuid.uuid4().hex[:12]}"


def gone(holder: str) -> bool:
    """Whether the holder is certainly dead."""
    parts = holder.split("|")
    if len(parts) != 5:
        return False
    _, namespace, pid, started, _ = parts
    return bool(namespace) and namespace == _here(os.getpid()) and _started(int(pid)) != started
