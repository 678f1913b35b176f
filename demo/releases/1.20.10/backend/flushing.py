"""Nothing that was logged is lost when the server is told to stop."""

from __future__ import annotations

import logging
import signal
from types import FrameType

log = logging.getLogger("sms.flushing")


def on_stop() -> None:
    """Flush when SIGTERM arrives."""
    signal.signal(signal.SIGTERM, _flush)


def _flush(_number: int, _frame: FrameType | None) -> None:
    # Takes the place of the server's own handler, which would have ended the process.
    for handler in logging.getLogger("sms").handlers:
        handler.flush()
    log.info("SIGTERM received, log flushed")
