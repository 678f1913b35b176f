"""What the kernel does with connections nobody has taken yet, when the edge changes its configuration.

Each configuration of Caddy listens on a socket of its own. When the old one is closed, those in its queue are refused,
unless the kernel hands them to the new one; since Linux 5.14 it does where it is told to.
"""

from __future__ import annotations

from pathlib import Path

SETTING = Path("/proc/sys/net/ipv4/tcp_migrate_req")
ADVICE = "sysctl -w net.ipv4.tcp_migrate_req=1"


def hands_over() -> bool:
    """Whether it hands them over; also True where this cannot be seen."""
    try:
        return SETTING.read_text().strip() != "0"
    except OSError:
        return True


def hand_over() -> bool:
    """Tell it to; whether it does afterwards."""
    try:
        if not hands_over():
            SETTING.write_text("1\n")
    except OSError:
        return False
    return hands_over()
