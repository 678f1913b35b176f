"""Celery's filesystem transport for the embedded installation, with whole messages only.

kombu's own writes a message into its final file, so that a worker that lists the folder at the wrong moment reads half
a message and dies of it; here a message gets its name when it is complete, and is taken by a rename that one worker
wins. Queues are named by their routing keys, so no table of bindings is kept (kombu's is a file that a kill may leave
half written). Selected by the scheme `folder://` (see smsops.celery).
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """A channel whose messages appear and disappear in one step."""

    def get_table(self, exchange: str) -> list[Any]:
        return []

    def _queue_bind(self, exchange: Any, routing_key: Any, pattern: Any, queue: Any) -> None:
        """Nothing to write down."""

    def _lookup(self, exchange: str, routing_key: str, default: str | None = None) -> list[str]:
        """The queue a message is for. News (topic, fanout) has no reader who would take the files away."""
        return [routing_key] if not exchange or self.typeof(exchange).type == "direct" else []

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # Names sort by the time they were sent; wall time, because the monotonic clock begins anew at a reboot.
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        private = folder / f".{name}"
        private.write_text(json.dumps(payload))
        private.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for path in sorted(folder.glob(f"[0-9]*.{queue}.msg")):
            mine = folder / f".taken-{uuid.uuid4().hex}"
            try:
                path.rename(mine)
            except FileNotFoundError:
                continue  # another worker was faster
            data = mine.read_bytes()
            mine.unlink()
            try:
                return json.loads(data)
            except ValueError:
                log.warning("passed over an unreadable message: %s", path.name)
        raise Empty


class Transport(filesystem.Transport):
    """The transport behind `folder://`."""

    Channel = Channel
