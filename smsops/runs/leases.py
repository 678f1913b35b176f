"""Leases with fencing tokens: one worker at a time, and the world can tell an old one from a new one.

Taken by a conditional UPDATE on the database's own clock, so that it holds on SQLite and PostgreSQL and on hosts whose
clocks differ. A lease that its holder lost can never be renewed or used to write the journal.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import BooleanField, DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

from smsops import wall_clock
from smsops.errors import DatabaseAway, LeaseLost
from smsops.models import Lease
from smsops.runs import absence, holders

SOON = 0.2  # seconds between two tries to reach a database that is away


@dataclass
class Held:
    """A lease this worker holds: `scope`, the fencing `token`, and who holds it."""

    scope: str
    token: int
    holder: str
    lost: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise LeaseLost unless the lease is still ours; inside a transaction it also locks the row."""
        rows = Lease.objects.filter(scope=self.scope, token=self.token, holder=self.holder)
        if connection.in_atomic_block:
            rows = rows.select_for_update()
        if self.lost.is_set() or not rows.exists():
            raise LeaseLost(f"{self.scope} #{self.token}")


def _until(seconds: float) -> Combinable:
    span = Value(timedelta(seconds=seconds), output_field=DurationField())
    return ExpressionWrapper(Now() + span, output_field=DateTimeField())


def claim(scope: str) -> Held | None:
    """Take the lease on `scope` if nobody who may still live holds it; None when somebody does."""
    # A new row has ended long ago: SQLite's clock is coarser than ours, and “now” may still lie ahead of it.
    Lease.objects.get_or_create(scope=scope, defaults={"expires_at": timezone.now() - timedelta(days=1)})
    release_dead(scope=scope)
    holder = holders.me()
    with transaction.atomic():
        free = Lease.objects.filter(scope=scope, expires_at__lte=Now())
        if not free.update(token=F("token") + 1, holder=holder, expires_at=_until(settings.SMSOPS_LEASE_SECONDS)):
            return None
        return Held(scope, Lease.objects.get(scope=scope).token, holder)


def renew(held: Held) -> bool:
    """Keep the lease for another period; False when it is no longer ours."""
    ours = Lease.objects.filter(scope=held.scope, token=held.token, holder=held.holder)
    return bool(ours.update(expires_at=_until(settings.SMSOPS_LEASE_SECONDS)))


def release(held: Held) -> None:
    """Give the lease back, if it is still ours."""
    Lease.objects.filter(scope=held.scope, token=held.token, holder=held.holder).update(holder="", expires_at=Now())


def release_dead(**only: str) -> None:
    """End the leases of workers that are certainly dead; those of workers elsewhere end by time. One that lasts longer
    than any was taken, or given back, before the clock was set back: it counts from now, and who lives renews it."""
    whole = settings.SMSOPS_LEASE_SECONDS
    far = Q(expires_at__gt=_until(whole + wall_clock.DIFFER.total_seconds()))
    too_long = ExpressionWrapper(far, output_field=BooleanField())
    for lease in Lease.objects.filter(expires_at__gt=Now(), **only).annotate(too_long=too_long):
        if holders.gone(lease.holder):
            Lease.objects.filter(pk=lease.pk, holder=lease.holder).update(holder="", expires_at=Now())
        elif lease.too_long:
            Lease.objects.filter(far, pk=lease.pk).update(expires_at=_until(whole))


@contextlib.contextmanager
def keeping(held: Held) -> Iterator[Held]:
    """Renew the lease from a thread while the body works, and give it back at the end."""
    ended = threading.Event()
    thread = threading.Thread(target=_renew_until, args=(held, ended), daemon=True, name=f"lease {held.scope}")
    thread.start()
    try:
        yield held
    finally:
        ended.set()
        thread.join()
        _give_back(held)


def _give_back(held: Held) -> None:
    """Release it; where the database is away, as soon as it is back, if that is before the lease ends by itself."""
    ends = time.monotonic() + settings.SMSOPS_LEASE_SECONDS
    while time.monotonic() < ends:
        try:
            with absence.noticed():
                release(held)
            return
        except DatabaseAway:
            time.sleep(SOON)


def _renew_until(held: Held, ended: threading.Event) -> None:
    try:
        while not ended.wait(settings.SMSOPS_LEASE_SECONDS / 3):
            try:
                if not renew(held):
                    held.lost.set()
                    return
            except Error:
                # A database that is away for a moment is not a lost lease; the next turn asks on a new connection.
                connection.close()
    finally:
        connection.close()
