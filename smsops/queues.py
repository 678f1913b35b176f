"""Which messages wait for which workers.

What pages people and reads alerts, and what only rings for others, waits behind nothing that takes minutes: it has a
queue of its own, which a worker of its own takes (`-Q urgent`). A worker that is told nothing takes both, so one is
enough where there is only one. Work beside an engine is in its environment's queue, whoever rings for it.
"""

from __future__ import annotations

from kombu import Exchange, Queue

WORK, URGENT = "smsops", "urgent"
# Named in full: else both had the default one's routing key, which is what the folder broker knows a queue by.
QUEUES = tuple(Queue(name, Exchange(name, type="direct"), routing_key=name) for name in (WORK, URGENT))
_URGENT_TASKS = (
    "incidents.sweep_pages",
    "incidents.read_alerts",
    "incidents.look_at_alerts",
    "incidents.watch",
    "incidents.sweep_first_looks",
    "incidents.sweep_reckonings",
    "incidents.archive_logs",
    "smsops.sweep",
    "smsops.tend_edges",
)
ROUTES = {name: {"queue": URGENT} for name in _URGENT_TASKS}
