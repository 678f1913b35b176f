"""smsops itself: beat, the workers of each queue, its troubles, the broker, the disk, the clock (K8)."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone
from prometheus_client import Metric

from backups.models import OwnBackups
from incidents.monitoring.gauges import Gauges
from incidents.services import life
from smsops import queue_depths, queues, troubles
from smsops.audit import checking
from smsops.errors import OpsError
from smsops.models import Environment

log = logging.getLogger(__name__)


def families(names: Sequence[str]) -> Iterator[Metric]:
    """In four queries and those of its troubles; with PostgreSQL in one more."""
    beat = Gauges(beat_timestamp_seconds="When beat last went through its schedule")
    beat.add(beat_timestamp_seconds=life.beat_at())
    yield from beat
    seen = dict(Environment.objects.order_by().values_list("queue").annotate(seen=Max("watch__looked_at")))
    yield from _workers(seen)
    yield from _troubles()
    yield from _broker({queues.WORK, queues.URGENT, *seen})
    yield from _machine()


def _workers(seen: dict[str, datetime | None]) -> Gauges:
    told = "When a worker that takes this queue last looked at an SMS"
    gauges = Gauges(("queue",), queue_looked_timestamp_seconds=told)
    for queue, at in sorted(seen.items()):
        gauges.add(queue, queue_looked_timestamp_seconds=at)
    return gauges


def _troubles() -> Iterator[Metric]:
    """What people are told of it is in no figure: only whether there is anything."""
    wrong = {trouble.name for trouble, _ in troubles.found()}
    gauges = Gauges(("of",), trouble="Whether something of smsops itself is wrong")
    for each in troubles.known():
        gauges.add(each.name, trouble=each.name in wrong)
    yield from gauges
    lately = Gauges(
        audit_verified_timestamp_seconds="When the whole audit trail was last verified",
        own_backup_last_timestamp_seconds="When smsops' own rows were last backed up",
    )
    taken = OwnBackups.objects.values_list("taken_at", flat=True).first()
    lately.add(audit_verified_timestamp_seconds=checking.verified_at(), own_backup_last_timestamp_seconds=taken)
    yield from lately


def _broker(wanted: set[str]) -> Iterator[Metric]:
    """Without an answer the depths are left out: a queue nobody can ask is not empty."""
    up = Gauges(broker_up="Whether the broker answers")
    depths = Gauges(("queue",), queue_messages="Messages that wait in this queue for a worker")
    try:
        found = queue_depths.of(sorted(wanted))
    except OpsError:
        found = {}
    up.add(broker_up=bool(found))
    for queue, depth in found.items():
        depths.add(queue, queue_messages=depth)
    yield from up
    yield from depths


def _machine() -> Gauges:
    gauges = Gauges(
        disk_free_bytes="Room left where the data folder is",
        disk_size_bytes="How large that disk is",
        clock_offset_seconds="How far this machine's clock is ahead of that of the database's server",
    )
    try:
        usage = shutil.disk_usage(settings.DATA_DIR)
        gauges.add(disk_free_bytes=usage.free, disk_size_bytes=usage.total)
    except OSError as error:
        log.warning("the data folder cannot be read: %s", error)
    gauges.add(clock_offset_seconds=_offset())
    return gauges


def _offset() -> timedelta | None:
    """None with SQLite, which has no clock of its own. What the question took is halved, as NTP does."""
    if connection.vendor != "postgresql":
        return None
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    return before + (timezone.now() - before) / 2 - theirs
